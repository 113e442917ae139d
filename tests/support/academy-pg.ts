import type { Kysely } from 'kysely'
import { permissions } from '../../src-shared/permissions.ts'
import type { Database } from '../../src-shared/schema/tables.ts'
import type { PostgresDatabase } from '../../sync-server/db/postgres.ts'
import * as build from './academy.ts'

/** One facility of the seeded organization, with what a desk needs there. */
export type SeededFacility = Awaited<ReturnType<typeof seedFacility>>

/**
 * An organization with two facilities (the one of `build.academy`, and a second), each with a desk, a till, a class and
 * a session; a staff member who may do everything everywhere; cash; and a family of two children, linked to the first
 * facility, booked into its session, with an invoice of 64.00.
 */
export const seedAcademy = async (db: Kysely<PostgresDatabase>) => {
  const { organization_id, staff_id, facility_id, device_id } = build.academy
  const role = { id: build.newId(), organization_id, code: 'admin', name: 'Admin' }
  const cash = paymentMethod()
  await db.insertInto('organizations').values(build.organization()).execute()
  await db.insertInto('programs').values(build.program()).execute()
  await db.insertInto('staff').values(build.staffMember()).execute()
  await db.insertInto('roles').values(role).execute()
  await db
    .insertInto('role_permissions')
    .values(permissions.map((permission) => ({ id: build.newId(), organization_id, role_id: role.id, permission })))
    .execute()
  await db
    .insertInto('role_assignments')
    .values({ id: build.newId(), organization_id, staff_id, role_id: role.id, facility_id: null, ended_at: null })
    .execute()
  await db.insertInto('payment_methods').values(cash).execute()
  const first = await seedFacility(db, build.facility(), device_id)
  const second = await seedFacility(db, build.facility({ id: build.newId(), name: 'Geelong', code: 'GEE' }))
  const household = await seedHousehold(db, [facility_id])
  await db
    .insertInto('bookings')
    .values(household.students.map(({ id }) => build.booking({ session_id: first.session.id, student_id: id })))
    .execute()
  return { organization_id, staff_id, role, cash, first, second, household }
}

const paymentMethod = (): Database['payment_methods'] => ({
  id: build.newId(),
  organization_id: build.academy.organization_id,
  name: 'Cash',
  kind: 'cash',
  hotkey: 'C',
  reference_label: null,
  sort: 1,
  archived_at: null,
})

export const seedFacility = async (
  db: Kysely<PostgresDatabase>,
  facility: Database['facilities'],
  device_id = build.newId(),
) => {
  const facility_id = facility.id
  const device: Database['devices'] = {
    id: device_id,
    facility_id,
    name: `Desk of ${facility.name}`,
    audience: 'desk',
    enrolled_at: '2026-01-05T00:00:00.000Z',
    revoked_at: null,
  }
  const till = { id: build.newId(), facility_id, device_id, code: `${facility.code}1` }
  const cohort = build.cohort({ facility_id })
  const session = build.session({ facility_id, class_id: cohort.id })
  await db.insertInto('facilities').values(facility).execute()
  await db.insertInto('devices').values(device).execute()
  await db.insertInto('device_progress').values({ id: device_id, facility_id, last_seq: 0 }).execute()
  await db.insertInto('tills').values(till).execute()
  await db.insertInto('classes').values(cohort).execute()
  await db.insertInto('sessions').values(session).execute()
  return { facility, device, till, cohort, session }
}

/** A family with a guardian, two children (the first has an allergy) and an invoice, linked to these facilities. */
export const seedHousehold = async (db: Kysely<PostgresDatabase>, facilityIds: readonly string[]) => {
  const family = build.family()
  const guardian = build.guardian({ family_id: family.id })
  const students = ['Mia', 'Leo'].map((first_name) => build.student({ first_name })) as [
    Database['students'],
    Database['students'],
  ]
  const links = facilityIds.map((facility_id) => ({ id: build.newId(), family_id: family.id, facility_id }))
  const memberships = students.map((student) => build.childOf(family, student))
  const allergy = healthItem({ student_id: students[0].id })
  await db.insertInto('families').values(family).execute()
  if (links.length > 0) await db.insertInto('family_facilities').values(links).execute()
  await db.insertInto('guardians').values(guardian).execute()
  await db.insertInto('students').values(students).execute()
  await db.insertInto('family_students').values(memberships).execute()
  await db.insertInto('health_items').values(allergy).execute()
  const invoice = build.invoice({ family_id: family.id, number: `INV-${family.id}` })
  await db.insertInto('invoices').values(invoice).execute()
  await db
    .insertInto('invoice_lines')
    .values(build.invoiceLine({ family_id: family.id, invoice_id: invoice.id }))
    .execute()
  return { family, guardian, students, links, memberships, allergy, invoice }
}

const healthItem = (
  over: Partial<Database['health_items']> & { readonly student_id: string },
): Database['health_items'] => ({
  id: build.newId(),
  kind: 'allergy',
  severity: 'serious',
  name: 'Peanuts',
  action: null,
  ...over,
})

export const payment = (
  { facility, till, device }: SeededFacility,
  over: Partial<Database['payments']> & { readonly family_id: string; readonly method_id: string },
): Database['payments'] => ({
  id: build.newId(),
  facility_id: facility.id,
  till_id: till.id,
  currency: 'AUD',
  amount: 6400,
  tendered: 7000,
  reference: null,
  at: '2026-11-21T05:15:00.000Z',
  staff_id: build.academy.staff_id,
  device_id: device.id,
  ...over,
})
