import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { SearchDatabase } from '../schema/search-index.ts'
import { defineQuery } from './query.ts'

/** What ids stand for, in the words that people use. Ids that are not here are left out. */
export type Names = Readonly<Record<string, string>>

type Named = readonly { readonly id: string; readonly name: string }[]

const studentNames = async (db: Kysely<SearchDatabase>, ids: readonly string[]): Promise<Named> => {
  const rows = await db
    .selectFrom('students')
    .select(['id', 'first_name', 'last_name', 'preferred_name'])
    .where('id', 'in', ids)
    .execute()
  return rows.map((row) => ({ id: row.id, name: `${row.preferred_name ?? row.first_name} ${row.last_name}` }))
}

const staffNames = async (db: Kysely<SearchDatabase>, ids: readonly string[]): Promise<Named> => {
  const rows = await db.selectFrom('staff').select(['id', 'first_name', 'last_name']).where('id', 'in', ids).execute()
  return rows.map((row) => ({ id: row.id, name: `${row.first_name} ${row.last_name}` }))
}

const sessionNames = async (db: Kysely<SearchDatabase>, ids: readonly string[]): Promise<Named> => {
  const rows = await db
    .selectFrom('sessions')
    .innerJoin('classes', 'classes.id', 'sessions.class_id')
    .select(['sessions.id', 'sessions.starts_at', 'classes.name'])
    .where('sessions.id', 'in', ids)
    .execute()
  return rows.map((row) => ({ id: row.id, name: `${row.name} ${row.starts_at}` }))
}

/** A check-in is called after its child, a payment after its receipt. */
const eventNames = async (db: Kysely<SearchDatabase>, ids: readonly string[]): Promise<Named> => {
  const events = await db.selectFrom('check_ins').select(['id', 'student_id']).where('id', 'in', ids).execute()
  const students = await studentNames(
    db,
    events.map((event) => event.student_id),
  )
  const nameOf = new Map(students.map(({ id, name }) => [id, name]))
  return events.flatMap(({ id, student_id }) => {
    const name = nameOf.get(student_id)
    return name === undefined ? [] : { id, name }
  })
}

/** Names for the ids in what waits to be sent, whatever they are ids of. */
export const namesOf = defineQuery({
  name: 'names.of',
  args: z.strictObject({ ids: z.array(z.uuid()).max(2000) }),
  permission: 'classes.read',

  async run(db, { ids }): Promise<Names> {
    const families = await db.selectFrom('families').select(['id', 'name']).where('id', 'in', ids).execute()
    const receipts = await db
      .selectFrom('receipts')
      .select(['payment_id as id', 'label as name'])
      .where('payment_id', 'in', ids)
      .execute()
    const named = [
      ...families,
      ...receipts,
      ...(await studentNames(db, ids)),
      ...(await staffNames(db, ids)),
      ...(await sessionNames(db, ids)),
      ...(await eventNames(db, ids)),
    ]
    return Object.fromEntries(named.map(({ id, name }) => [id, name]))
  },
})
