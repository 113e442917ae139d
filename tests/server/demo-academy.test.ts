import { verify } from '@node-rs/argon2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoAcademy } from '../../build/demo/academy.ts'
import { tablesInOrder } from '../../build/demo/draft.ts'
import { loadDemoAcademy } from '../../build/demo/load.ts'
import { demoSignIns } from '../../build/demo/story.ts'
import { permissionsOf } from '../../src-shared/rules/access.ts'
import { inRole } from '../../sync-server/db/postgres.ts'
import { asShared } from '../../sync-server/db/tx.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'

const now = '2026-11-21T01:00:00.000Z'
const rows = demoAcademy(now)
const [werribee, geelong] = rows.facilities

let database: FoyerDatabase
beforeAll(async () => {
  database = await createFoyerDatabase()
  await loadDemoAcademy({ url: database.adminUrl, now })
})
afterAll(async () => database.drop())

const inFacility = { role: 'foyer_app', organizationId: rows.organizations[0]?.id ?? '' } as const

test('every row that was generated is in the database', async () => {
  const counts = await Promise.all(
    tablesInOrder.map(async (table) => {
      const { count } = await database.admin
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      return [table, count] as const
    }),
  )

  expect(Object.fromEntries(counts)).toEqual({
    ...Object.fromEntries(tablesInOrder.map((table) => [table, rows[table].length])),
    staff_credentials: demoSignIns.length,
  })
})

test('a database that has an academy is left alone', async () => {
  const isLoaded = await loadDemoAcademy({ url: database.adminUrl, now })

  const organizations = await database.admin.selectFrom('organizations').select('id').execute()
  expect(isLoaded).toBe(false)
  expect(organizations).toHaveLength(1)
})

test.each([
  ['Werribee', werribee],
  ['Geelong', geelong],
])('%s sees the student, the family and the adults of each of its bookings', async (_name, facility) => {
  expect.assert(facility)
  const expected = rows.bookings.filter(({ facility_id }) => facility_id === facility.id)

  const seen = await inRole(database.server, { ...inFacility, facilityId: facility.id }, (tx) =>
    tx
      .selectFrom('bookings')
      .innerJoin('students', 'students.id', 'bookings.student_id')
      .innerJoin('family_students', 'family_students.student_id', 'students.id')
      .innerJoin('families', 'families.id', 'family_students.family_id')
      .innerJoin('guardians', 'guardians.family_id', 'families.id')
      .select('bookings.id')
      .distinct()
      .execute(),
  )

  expect(seen).toHaveLength(expected.length)
})

test('the log of each facility has what its desks may see, once', async () => {
  const twoSites = Map.groupBy(rows.family_facilities, ({ family_id }) => family_id)
  const shared = [...twoSites.values()].filter((links) => links.length === 2).length

  const logged = await database.admin
    .selectFrom('sync_log')
    .select(({ fn }) => ['facility_id', fn.countAll<number>().as('entries')])
    .where('table_name', '=', 'families')
    .groupBy('facility_id')
    .execute()

  expect(logged).toHaveLength(2)
  expect(logged.reduce((sum, log) => sum + log.entries, 0)).toBe(rows.families.length + shared)
})

test.each(demoSignIns)(
  '$title signs in with the password that is printed, and may do what the role says',
  async (person) => {
    const found = await database.admin
      .selectFrom('staff_credentials')
      .selectAll()
      .where('sign_in_name', '=', person.sign_in_name)
      .executeTakeFirstOrThrow()
    const granted = await Promise.all(
      rows.facilities.map(({ id }) =>
        inRole(database.server, { ...inFacility, facilityId: id }, (tx) => permissionsOf(asShared(tx), found.id, id)),
      ),
    )

    expect(await verify(found.password_hash, person.password)).toBe(true)
    for (const permissions of granted) {
      expect(permissions.has('classes.read')).toBe(true)
      expect(permissions.has('payments.take')).toBe(person.role !== 'lead_instructor')
      expect(permissions.has('payments.void')).toBe(person.role === 'campus_manager' || person.role === 'admin')
      expect(permissions.has('devices.enroll')).toBe(person.role === 'admin')
    }
  },
)
