import { randomUUID } from 'node:crypto'
import type { QueryContext } from '../../src-shared/queries/query.ts'
import { permissions } from '../../src-shared/permissions.ts'
import type { Database } from '../../src-shared/schema/tables.ts'

export const newId = (): string => randomUUID()

const organization_id = newId()
const facility_id = newId()
const staff_id = newId()
const device_id = newId()
const program_id = newId()

/** The one facility that builders build for: Melbourne, check-in from 30 minutes before until 15 after the start. */
export const academy = { organization_id, facility_id, staff_id, device_id, program_id } as const

export const contextWith = (granted: QueryContext['permissions'] = new Set(permissions)): QueryContext => ({
  facilityId: facility_id,
  deviceId: device_id,
  staffId: staff_id,
  permissions: granted,
})

/** Builders give valid rows; a test states only what matters to it. */
export const organization = (over: Partial<Database['organizations']> = {}): Database['organizations'] => ({
  id: organization_id,
  name: 'Bayside Academy',
  facility_label: 'Campus',
  color: '#0b6e99',
  ...over,
})

export const facility = (over: Partial<Database['facilities']> = {}): Database['facilities'] => ({
  id: facility_id,
  organization_id,
  name: 'Werribee',
  code: 'WER',
  address: '12 Watton Street, Werribee VIC 3030',
  phone: '03 9741 0000',
  email: null,
  time_zone: 'Australia/Melbourne',
  locale: 'en-AU',
  currency: 'AUD',
  legal_name: 'Bayside Academy Pty Ltd',
  registration_label: 'ABN',
  registration_number: '51 824 753 556',
  check_in_opens_minutes: 30,
  check_in_closes_minutes: 15,
  ...over,
})

export const staffMember = (over: Partial<Database['staff']> = {}): Database['staff'] => ({
  id: staff_id,
  organization_id,
  first_name: 'Sam',
  last_name: 'Lee',
  archived_at: null,
  ...over,
})

export const device = (over: Partial<Database['devices']> = {}): Database['devices'] => ({
  id: device_id,
  facility_id,
  name: 'Desk 1',
  audience: 'desk',
  enrolled_at: '2026-11-01T00:00:00.000Z',
  revoked_at: null,
  ...over,
})

export const program = (over: Partial<Database['programs']> = {}): Database['programs'] => ({
  id: program_id,
  organization_id,
  name: 'Swimming',
  color: '#0b6e99',
  ...over,
})

export const space = (over: Partial<Database['spaces']> = {}): Database['spaces'] => ({
  id: newId(),
  facility_id,
  name: 'Lane 3',
  kind: 'lane',
  capacity: null,
  ...over,
})

export const cohort = (over: Partial<Database['classes']> = {}): Database['classes'] => ({
  id: newId(),
  facility_id,
  program_id,
  name: 'Dolphins 2',
  level: null,
  mode: 'term',
  capacity: 12,
  archived_at: null,
  ...over,
})

export const session = (over: Partial<Database['sessions']> & { readonly class_id: string }): Database['sessions'] => ({
  id: newId(),
  facility_id,
  space_id: null,
  instructor_id: null,
  date: '2026-11-21',
  starts_at: '16:30',
  ends_at: '17:00',
  time_zone: 'Australia/Melbourne',
  capacity: 12,
  status: 'scheduled',
  roll_closed_at: null,
  roll_closed_by: null,
  ...over,
})

export const family = (over: Partial<Database['families']> = {}): Database['families'] => ({
  id: newId(),
  organization_id,
  name: 'Berg',
  card_code: null,
  note: null,
  archived_at: null,
  ...over,
})

export const guardian = (
  over: Partial<Database['guardians']> & { readonly family_id: string },
): Database['guardians'] => ({
  id: newId(),
  first_name: 'Anna',
  last_name: 'Berg',
  relationship: 'mother',
  phone: null,
  phone_e164: null,
  email: null,
  priority: 1,
  ...over,
})

export const student = (over: Partial<Database['students']> = {}): Database['students'] => ({
  id: newId(),
  organization_id,
  first_name: 'Mia',
  last_name: 'Berg',
  preferred_name: null,
  birth_date: '2019-03-14',
  card_code: null,
  status: 'active',
  archived_at: null,
  ...over,
})

export const childOf = (
  { id: family_id }: { readonly id: string },
  { id: student_id }: { readonly id: string },
): Database['family_students'] => ({ id: newId(), family_id, student_id })

export const booking = (
  over: Partial<Database['bookings']> & { readonly session_id: string; readonly student_id: string },
): Database['bookings'] => ({
  id: newId(),
  facility_id,
  enrollment_id: null,
  kind: 'regular',
  cancelled_at: null,
  ...over,
})

export const checkIn = (
  over: Partial<Database['check_ins']> & { readonly session_id: string; readonly student_id: string },
): Database['check_ins'] => ({
  id: newId(),
  facility_id,
  kind: 'in',
  undoes_id: null,
  guardian_id: null,
  at: '2026-11-21T05:12:00.000Z',
  hlc: '000000000001-0000-00000001',
  staff_id,
  device_id,
  ...over,
})

export const invoice = (
  over: Partial<Database['invoices']> & { readonly family_id: string },
): Database['invoices'] => ({
  id: newId(),
  facility_id,
  number: 'INV-0001',
  status: 'sent',
  currency: 'AUD',
  issued_on: '2026-10-17',
  due_on: '2026-10-31',
  ...over,
})

export const invoiceLine = (
  over: Partial<Database['invoice_lines']> & { readonly family_id: string; readonly invoice_id: string },
): Database['invoice_lines'] => ({
  id: newId(),
  student_id: null,
  enrollment_id: null,
  description: 'Dolphins 2, term 4',
  quantity: 1,
  unit_amount: 6400,
  total: 6400,
  tax_name: 'GST 10%',
  tax_amount: 582,
  ...over,
})
