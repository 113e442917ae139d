import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { type Kysely, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PostgresDatabase } from '../../sync-server/db/postgres.ts'
import * as build from '../support/academy.ts'
import { payment, seedAcademy, seedHousehold } from '../support/academy-pg.ts'
import { entriesAfter, headOf, replay, visibleImages } from '../support/facility-log.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'
import { until } from '../support/until.ts'

let database: FoyerDatabase
let db: Kysely<PostgresDatabase>
let academy: Awaited<ReturnType<typeof seedAcademy>>
let here: string
let there: string

beforeEach(async () => {
  database = await createFoyerDatabase()
  db = database.admin
  academy = await seedAcademy(db)
  here = academy.first.facility.id
  there = academy.second.facility.id
})

afterEach(() => database.drop())

const logOf = async (facility: string) => replay(await entriesAfter(db, facility))

const link = (family_id: string, facility_id: string) => ({ id: randomUUID(), family_id, facility_id })

const idsIn = async (facility: string, table: string): Promise<readonly string[]> =>
  Object.keys((await logOf(facility))[table] ?? {}).toSorted()

const idsOf = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map(({ id }) => id).toSorted()

const expectTruth = async (): Promise<void> => {
  for (const facility of [here, there]) {
    expect(await logOf(facility)).toEqual(await visibleImages(db, facility))
  }
}

describe('the log of a facility', () => {
  test('gets all rows of a family that is linked to it', async () => {
    const { household, first, cash } = academy
    const paid = payment(first, { family_id: household.family.id, method_id: cash.id })
    await db.insertInto('payments').values(paid).execute()

    await db.insertInto('family_facilities').values(link(household.family.id, there)).execute()

    expect(await idsIn(there, 'students')).toEqual(idsOf(household.students))
    expect(await idsIn(there, 'health_items')).toEqual([household.allergy.id])
    expect(await idsIn(there, 'payments')).toEqual([paid.id])
    await expectTruth()
  })

  test('loses them when the link ends, and keeps what belongs to the facility itself', async () => {
    const { household } = academy

    await db.deleteFrom('family_facilities').where('family_id', '=', household.family.id).execute()

    const log = await logOf(here)
    expect(Object.keys(log).filter((name) => /^(famil|guardian|student|health|invoice)/.test(name))).toEqual([])
    expect(Object.keys(log['bookings'] ?? {})).toHaveLength(2)
    await expectTruth()
  })

  test('loses them to the other facility when the link is changed', async () => {
    const { household } = academy

    await db.updateTable('family_facilities').set({ facility_id: there }).execute()

    expect(await idsIn(here, 'students')).toEqual([])
    expect(await idsIn(there, 'students')).toEqual(idsOf(household.students))
    await expectTruth()
  })

  test('gets later changes of a family at every facility that it is linked to', async () => {
    const { household } = academy
    await db.insertInto('family_facilities').values(link(household.family.id, there)).execute()
    const before = await headOf(db, there)

    await db.updateTable('guardians').set({ phone: '0400 000 111' }).execute()
    await db.updateTable('health_items').set({ action: 'EpiPen' }).execute()

    expect(await entriesAfter(db, there, before)).toMatchObject([
      { table_name: 'guardians', row: { phone: '0400 000 111' } },
      { table_name: 'health_items', row: { action: 'EpiPen' } },
    ])
    await expectTruth()
  })

  test('gets a student who joins a second household there', async () => {
    const [mia] = academy.household.students
    const father = await seedHousehold(db, [there])

    await db.insertInto('family_students').values(build.childOf(father.family, mia)).execute()

    expect(await idsIn(there, 'students')).toEqual(idsOf([...father.students, mia]))
    expect(await idsIn(there, 'health_items')).toContain(academy.household.allergy.id)
    await expectTruth()
  })

  test('keeps a student who leaves one of two households there, and loses them with the second', async () => {
    const [mia] = academy.household.students
    const father = await seedHousehold(db, [here])
    await db.insertInto('family_students').values(build.childOf(father.family, mia)).execute()
    const leave = (family: { readonly id: string }) =>
      db.deleteFrom('family_students').where('student_id', '=', mia.id).where('family_id', '=', family.id).execute()

    await leave(academy.household.family)
    const afterFirst = await idsIn(here, 'students')
    await expectTruth()
    await leave(father.family)

    expect(afterFirst).toContain(mia.id)
    expect(await idsIn(here, 'students')).not.toContain(mia.id)
    expect(await idsIn(here, 'health_items')).toEqual([father.allergy.id])
    await expectTruth()
  })

  test('keeps a student of two households when one of them is unlinked', async () => {
    const [mia, leo] = academy.household.students
    const father = await seedHousehold(db, [here])
    await db.insertInto('family_students').values(build.childOf(father.family, mia)).execute()

    await db.deleteFrom('family_facilities').where('family_id', '=', academy.household.family.id).execute()

    expect(await idsIn(here, 'students')).toContain(mia.id)
    expect(await idsIn(here, 'students')).not.toContain(leo.id)
    await expectTruth()
  })

  test('has a new family, its students and its link from one statement', async () => {
    const [family, student] = [build.family(), build.student()]

    await db
      .with('family', (cte) => cte.insertInto('families').values(family).returning('id'))
      .with('student', (cte) => cte.insertInto('students').values(student).returning('id'))
      .with('member', (cte) => cte.insertInto('family_students').values(build.childOf(family, student)).returning('id'))
      .insertInto('family_facilities')
      .values(link(family.id, there))
      .execute()

    expect(await idsIn(there, 'students')).toEqual([student.id])
    await expectTruth()
  })

  test('is told nothing when a link is written again as it was', async () => {
    const before = await headOf(db, here)

    await db.updateTable('family_facilities').set({ facility_id: here }).execute()

    expect(await headOf(db, here)).toBe(before)
  })

  test('cannot get a family or a student of another organization', async () => {
    const other = build.organization({ id: randomUUID() })
    const family = build.family({ organization_id: other.id })
    const student = build.student({ organization_id: other.id })
    await db.insertInto('organizations').values(other).execute()
    await db.insertInto('families').values(family).execute()
    await db.insertInto('students').values(student).execute()

    const linked = db.insertInto('family_facilities').values(link(family.id, here)).execute()
    await expect(linked).rejects.toThrow('different organizations')
    const joined = db.insertInto('family_students').values(build.childOf(academy.household.family, student)).execute()
    await expect(joined).rejects.toThrow('different organizations')
  })
})

describe('who writes a family while its links change', () => {
  const isWaiting = async (): Promise<boolean> => {
    const { rows } = await sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
    return rows.length > 0
  }

  const changes = {
    begins: (on: Kysely<PostgresDatabase>) =>
      on.insertInto('family_facilities').values(link(academy.household.family.id, there)).execute(),
    ends: (on: Kysely<PostgresDatabase>) => on.deleteFrom('family_facilities').execute(),
  }

  test.each(['begins', 'ends'] as const)('is waited for by a link that %s', async (change) => {
    const writer = await db.startTransaction().execute()
    await writer.updateTable('guardians').set({ phone: '1' }).execute()
    await writer.updateTable('health_items').set({ name: 'Bees' }).execute()

    const changing = changes[change](db)
    await until(isWaiting)
    await writer.commit().execute()
    await changing

    await expectTruth()
  })

  test.each(['begins', 'ends'] as const)('waits for a link that %s', async (change) => {
    const { family, students } = academy.household
    const changing = await db.startTransaction().execute()
    await changes[change](changing)

    const writing = Promise.all([
      db
        .insertInto('guardians')
        .values(build.guardian({ family_id: family.id }))
        .execute(),
      db.updateTable('guardians').set({ phone: '1' }).execute(),
      db.updateTable('health_items').set({ name: 'Bees' }).execute(),
      db.updateTable('students').set({ last_name: 'Bergen' }).where('id', '=', students[0].id).execute(),
    ])
    await until(isWaiting)
    await changing.commit().execute()
    await writing

    await expectTruth()
  })

  test('by ending the other link of a student, does not leave the student behind', async () => {
    const [mia] = academy.household.students
    const father = await seedHousehold(db, [here])
    await db.insertInto('family_students').values(build.childOf(father.family, mia)).execute()
    const unlinking = await db.startTransaction().execute()
    await unlinking.deleteFrom('family_facilities').where('family_id', '=', father.family.id).execute()

    const second = db.deleteFrom('family_facilities').where('family_id', '=', academy.household.family.id).execute()
    await until(isWaiting)
    await unlinking.commit().execute()
    await second

    expect(await idsIn(here, 'students')).toEqual([])
    await expectTruth()
  })
})

describe('any sequence of changes (S10)', () => {
  const kinds = ['link', 'unlink', 'move', 'join', 'leave', 'swap', 'write', 'remove'] as const

  interface Step {
    readonly kind: (typeof kinds)[number]
    /** Numbers, which lead to the three families, three students and two facilities. */
    readonly family: number
    readonly student: number
    readonly facility: number
  }

  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom(...kinds),
    family: fc.nat(2),
    student: fc.nat(2),
    facility: fc.nat(1),
  })

  test('ends in logs that tell what each facility may see', async () => {
    const households = [academy.household, await seedHousehold(db, [here, there]), await seedHousehold(db, [])]
    const families = households.map(({ family }) => family)
    const students = households.map((household) => household.students[0])

    const run = async ({ kind, ...at }: Step) => {
      const family = families[at.family]?.id
      const student = students[at.student]?.id
      const [facility, other] = at.facility === 0 ? [here, there] : [there, here]
      const statements = {
        link: sql`insert into family_facilities values (${randomUUID()}, ${family}, ${facility}) on conflict do nothing`,
        unlink: sql`delete from family_facilities where family_id = ${family} and facility_id = ${facility}`,
        move: sql`update family_facilities set facility_id = ${other} where family_id = ${family}
          and (select count(*) from family_facilities where family_id = ${family}) = 1`,
        join: sql`insert into family_students values (${randomUUID()}, ${family}, ${student}) on conflict do nothing`,
        leave: sql`delete from family_students where family_id = ${family} and student_id = ${student}`,
        swap: sql`update family_students set student_id = ${student} where family_id = ${family}
          and (select count(*) from family_students where family_id = ${family}) = 1`,
        write: sql`insert into health_items (id, student_id, kind, severity, name)
          values (${randomUUID()}, ${student}, 'diet', 'info', 'Vegan')`,
        remove: sql`delete from health_items where student_id = ${student}`,
      }
      await statements[kind].execute(db)
    }

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (sequence) => {
        for (const one of sequence) await run(one)
        await expectTruth()
      }),
      { numRuns: 15 },
    )
  })
})
