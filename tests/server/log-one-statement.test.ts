import { type Kysely, type RawBuilder, sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PostgresDatabase } from '../../sync-server/db/postgres.ts'
import { seedAcademy } from '../support/academy-pg.ts'
import { entriesAfter, replay, visibleImages } from '../support/facility-log.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'

let database: FoyerDatabase
let db: Kysely<PostgresDatabase>
let academy: Awaited<ReturnType<typeof seedAcademy>>
beforeEach(async () => {
  database = await createFoyerDatabase()
  db = database.admin
  academy = await seedAcademy(db)
})
afterEach(() => database.drop())

interface Gone {
  readonly link: RawBuilder<unknown>
  readonly member: RawBuilder<unknown>
  readonly guardians: RawBuilder<unknown>
  readonly health: RawBuilder<unknown>
  readonly student: RawBuilder<unknown>
}

const parts: readonly (readonly (keyof Gone)[])[] = [
  ['link', 'guardians'],
  ['guardians', 'link'],
  ['link', 'health'],
  ['link', 'member'],
  ['member', 'link'],
  ['member', 'health', 'student'],
  ['health', 'link', 'member', 'guardians', 'student'],
]

test.each(parts)(
  'what goes in one statement with who could see it goes everywhere (S10): %s, %s, …',
  async (...names) => {
    const here = academy.first.facility.id
    const { family, students } = academy.household
    const [mia] = students
    for (const table of ['bookings', 'enrollments']) {
      await sql`delete from ${sql.table(table)} where student_id = ${mia.id}`.execute(db)
    }
    const gone: Gone = {
      link: sql`delete from family_facilities where family_id = ${family.id}`,
      member: sql`delete from family_students where student_id = ${mia.id}`,
      guardians: sql`delete from guardians where family_id = ${family.id}`,
      health: sql`delete from health_items where student_id = ${mia.id}`,
      student: sql`delete from students where id = ${mia.id}`,
    }

    await sql`with ${sql.join(names.map((name) => sql`${sql.ref(name)} as (${gone[name]})`))} select`.execute(db)

    expect(replay(await entriesAfter(db, here))).toEqual(await visibleImages(db, here))
    expect((await sql`select from sync_ended`.execute(db)).rows).toEqual([])
  },
)
