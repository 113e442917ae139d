import { createPrivateKey } from 'node:crypto'
import type { JWK } from 'jose'
import { permissions } from '../../src-shared/permissions.ts'
import type { ServerDatabase } from '../../src-shared/schema/tables.ts'
import type { Sql } from './database.ts'
import { type Chance, chanceOf } from './random.ts'

type Rows = { [T in keyof ServerDatabase]?: ServerDatabase[T][] }

export interface StaffMember {
  readonly id: string
  readonly role: 'admin' | 'desk' | 'instructor'
}

interface Facility {
  readonly id: string
  readonly name: string
  /** Stands in texts that only this facility may see. */
  readonly canary: string
}

/** A computer that was enrolled before the run began. */
export interface Enrolled {
  readonly id: string
  readonly name: string
  readonly facility: Facility
  readonly till: { readonly id: string; readonly code: string }
  readonly privateKey: JWK
  /** By staff id. */
  readonly leases: Map<string, { readonly id: string; readonly notAfter: string }>
}

/** An academy with two facilities, and the computers of both. */
export interface World {
  readonly seed: number
  readonly startMs: number
  readonly organizationId: string
  readonly facilities: readonly [Facility, Facility]
  readonly staff: readonly StaffMember[]
  readonly devices: readonly Enrolled[]
}

const dayMs = 24 * 60 * 60 * 1000
const leaseDays = 14

/** Draws the academy of a seed and writes it into the database. */
export const createWorld = async (sql: Sql, seed: number): Promise<World> => {
  const chance = chanceOf(seed, 'world')
  const startMs = Date.UTC(2026, 10, 21, 4, 0) + chance.int(0, 3_600_000)
  const rows: Rows = {}
  const add = <T extends keyof ServerDatabase>(table: T, row: ServerDatabase[T]): ServerDatabase[T] => {
    const list: ServerDatabase[T][] = (rows[table] ??= [])
    list.push(row)
    return row
  }
  const parts: Parts = { chance, add, startMs, organizationId: chance.uuid() }
  const { organizationId } = parts
  add('organizations', { id: organizationId, name: 'Bayside', facility_label: 'Campus', color: '#0b6e99' })
  const facilities = [addFacility(parts, 'A'), addFacility(parts, 'B')] as const
  const staff = addStaff(parts)
  addMethods(parts)
  for (const facility of facilities) addClasses(parts, facility, facilities)
  const devices = Array.from({ length: chance.int(5, 6) }, (_, index) =>
    addDevice(parts, { facility: facilities[index % 2 === 0 ? 0 : 1], staff, number: index + 1 }),
  )
  await insert(sql, rows)
  return { seed, startMs, organizationId, facilities, staff, devices }
}

interface Parts {
  readonly chance: Chance
  readonly add: <T extends keyof ServerDatabase>(table: T, row: ServerDatabase[T]) => ServerDatabase[T]
  readonly startMs: number
  readonly organizationId: string
}

const addFacility = ({ chance, add, organizationId: organization_id }: Parts, letter: string): Facility => {
  const id = chance.uuid()
  const name = `Campus ${letter}`
  add('facilities', {
    id,
    organization_id,
    name,
    code: `C${letter}`,
    address: '12 Watton Street',
    phone: null,
    email: null,
    time_zone: 'Australia/Melbourne',
    locale: 'en-AU',
    currency: 'AUD',
    legal_name: 'Bayside Academy Pty Ltd',
    registration_label: 'ABN',
    registration_number: '51 824 753 556',
    check_in_opens_minutes: 30,
    check_in_closes_minutes: 15,
  })
  return { id, name, canary: `CANARY${letter}${chance.uuid().slice(0, 8)}` }
}

const granted: Record<StaffMember['role'], readonly string[]> = {
  admin: permissions,
  desk: permissions.filter((permission) => permission !== 'payments.void' && permission !== 'attendance.correct'),
  instructor: ['families.read', 'classes.read', 'attendance.record', 'check_ins.record'],
}

const addStaff = ({ chance, add, organizationId: organization_id }: Parts): readonly StaffMember[] =>
  (['admin', 'desk', 'instructor'] as const).map((code) => {
    const id = chance.uuid()
    const role = add('roles', { id: chance.uuid(), organization_id, code, name: code })
    add('staff', { id, organization_id, first_name: code, last_name: 'Lee', archived_at: null })
    for (const permission of granted[code]) {
      add('role_permissions', { id: chance.uuid(), organization_id, role_id: role.id, permission })
    }
    add('role_assignments', {
      id: chance.uuid(),
      organization_id,
      staff_id: id,
      role_id: role.id,
      facility_id: null,
      ended_at: null,
    })
    return { id, role: code }
  })

const addMethods = ({ chance, add, organizationId: organization_id }: Parts): void => {
  const method = { organization_id, archived_at: null }
  const [cash, card] = [chance.uuid(), chance.uuid()]
  const shown = { hotkey: 'C', reference_label: null, sort: 1 }
  add('payment_methods', { id: cash, name: 'Cash', kind: 'cash', ...method, ...shown })
  add('payment_methods', {
    id: card,
    name: 'Terminal',
    kind: 'card_terminal',
    ...method,
    hotkey: 'T',
    reference_label: 'Slip',
    sort: 2,
  })
}

const addClasses = (parts: Parts, facility: Facility, all: readonly Facility[]): void => {
  const { chance, add, organizationId: organization_id } = parts
  const program = add('programs', { id: chance.uuid(), organization_id, name: 'Swimming', color: '#0b6e99' })
  const sessions = Array.from({ length: 4 }, (_, index) => {
    const cohort = add('classes', {
      id: chance.uuid(),
      facility_id: facility.id,
      program_id: program.id,
      name: `Dolphins ${index} ${facility.canary}`,
      level: null,
      mode: 'term',
      capacity: 12,
      archived_at: null,
    })
    return add('sessions', {
      id: chance.uuid(),
      facility_id: facility.id,
      class_id: cohort.id,
      space_id: null,
      instructor_id: null,
      date: '2026-11-21',
      starts_at: `1${index + 5}:00`,
      ends_at: `1${index + 5}:45`,
      time_zone: 'Australia/Melbourne',
      capacity: 12,
      status: 'scheduled',
      roll_closed_at: null,
      roll_closed_by: null,
    })
  })
  for (let number = 1; number <= 6; number += 1) {
    // The first one of each facility comes to both.
    addFamily(parts, { facility, at: number === 1 ? all : [facility], sessions, number })
  }
}

interface FamilyOrder {
  readonly facility: Facility
  readonly at: readonly Facility[]
  readonly sessions: readonly { readonly id: string }[]
  readonly number: number
}

const addFamily = (parts: Parts, { facility, at, sessions, number }: FamilyOrder): void => {
  const { chance, add, organizationId: organization_id } = parts
  const mark = at.length === 1 ? facility.canary : 'both'
  const family = { id: chance.uuid(), organization_id, name: `Berg ${number} ${mark}` }
  add('families', { ...family, card_code: null, note: null, archived_at: null })
  for (const { id } of at) add('family_facilities', { id: chance.uuid(), family_id: family.id, facility_id: id })
  add('guardians', {
    id: chance.uuid(),
    family_id: family.id,
    first_name: 'Anna',
    last_name: mark,
    relationship: 'mother',
    phone: null,
    phone_e164: null,
    email: null,
    priority: 1,
  })
  for (let child = 0; child < 2; child += 1) {
    const student = { id: chance.uuid(), organization_id, first_name: `Mia ${child}`, last_name: mark }
    add('students', { ...student, preferred_name: null, birth_date: '2019-03-14', card_code: null, ...active })
    add('family_students', { id: chance.uuid(), family_id: family.id, student_id: student.id })
    for (const { id } of sessions) {
      if (!chance.happens(60)) continue
      const booking = { id: chance.uuid(), facility_id: facility.id, session_id: id, student_id: student.id }
      add('bookings', { ...booking, enrollment_id: null, kind: 'regular', cancelled_at: null })
    }
  }
  addInvoice(parts, { facility, familyId: family.id, number })
}

const active = { status: 'active', archived_at: null } as const

const addInvoice = (
  { chance, add }: Parts,
  { facility, familyId, number }: { facility: Facility; familyId: string; number: number },
): void => {
  const invoice = add('invoices', {
    id: chance.uuid(),
    family_id: familyId,
    facility_id: facility.id,
    number: `INV-${number}`,
    status: 'sent',
    currency: 'AUD',
    issued_on: '2026-10-17',
    due_on: '2026-10-31',
  })
  const total = chance.int(10, 900) * 10
  add('invoice_lines', {
    id: chance.uuid(),
    family_id: familyId,
    invoice_id: invoice.id,
    student_id: null,
    enrollment_id: null,
    description: 'Term 4',
    quantity: 1,
    unit_amount: total,
    total,
    tax_name: 'GST 10%',
    tax_amount: Math.round(total / 11),
  })
}

interface DeviceOrder {
  readonly facility: Facility
  readonly staff: readonly StaffMember[]
  readonly number: number
}

const addDevice = ({ chance, add, startMs }: Parts, { facility, staff, number }: DeviceOrder): Enrolled => {
  const id = chance.uuid()
  const at = { facility_id: facility.id }
  const { privateKey, publicKey } = keyPairOf(chance.bytes(32))
  const name = `device-${number}`
  const enrolled_at = new Date(startMs - dayMs).toISOString()
  add('devices', { id, ...at, name, audience: 'desk', enrolled_at, revoked_at: null })
  add('device_keys', { id, ...at, public_key: JSON.stringify(publicKey), since: enrolled_at })
  add('device_progress', { id, ...at, last_seq: 0 })
  const till = { id: chance.uuid(), code: `T${number}` }
  add('tills', { ...till, ...at, device_id: id })
  const not_after = new Date(startMs + leaseDays * dayMs).toISOString()
  const leases = staff.map((member) => {
    const lease = { id: chance.uuid(), ...at, staff_id: member.id, device_id: id }
    add('leases', { ...lease, issued_at: enrolled_at, not_after })
    return [member.id, { id: lease.id, notAfter: not_after }] as const
  })
  return { id, name, facility, till, privateKey, leases: new Map(leases) }
}

/** The frame of PKCS #8 around the 32 bytes of an Ed25519 key (RFC 8410). */
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

const keyPairOf = (bytes: Uint8Array): { readonly privateKey: JWK; readonly publicKey: JWK } => {
  const der = Buffer.concat([ed25519Prefix, bytes])
  const { kty, crv, x, d } = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
  // An Ed25519 key has them all.
  const publicKey: JWK = { kty: String(kty), crv: String(crv), x: String(x) }
  return { publicKey, privateKey: { ...publicKey, d: String(d) } }
}

/** In one transaction, in the order of the tables' foreign keys. */
const insert = async (sql: Sql, rows: Rows): Promise<void> => {
  await sql('begin')
  for (const [table, list] of Object.entries<object[]>(rows)) {
    const columns = Object.keys(list[0] ?? {}).join(', ')
    await sql(`insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1)`, [
      JSON.stringify(list),
    ])
  }
  await sql('commit')
}
