import { type Permission, permissions } from '../../src-shared/permissions.ts'
import { addDays, dateAt, instantOf } from '../../src-shared/time.ts'
import type { Draft, RowOf, Site } from './draft.ts'
import { type DemoRole, demoSignIns } from './story.ts'

/** What each role may do. A manager corrects and voids; only an admin enrolls devices. */
const rolePermissions: Readonly<Record<DemoRole, readonly Permission[]>> = {
  front_desk: [
    'families.read',
    'medical.read',
    'money.read',
    'check_ins.record',
    'classes.read',
    // Rolls that come to the counter on paper.
    'attendance.record',
    'payments.take',
  ],
  // Nothing of the counter: their window is the classes alone (class mode).
  lead_instructor: ['families.read', 'medical.read', 'classes.read', 'attendance.record'],
  campus_manager: permissions.filter((permission) => permission !== 'devices.enroll'),
  admin: permissions,
}

const colleaguesOf: Readonly<Record<string, readonly (readonly [first: string, last: string, role: DemoRole])[]>> = {
  WER: [
    ['Grace', 'Leung', 'lead_instructor'],
    ['Callum', 'Byrne', 'lead_instructor'],
    ['Ines', 'Moreau', 'lead_instructor'],
    ['Tomasz', 'Zieliński', 'lead_instructor'],
    ['Priyanka', 'Nair', 'lead_instructor'],
    ['Jordan', 'Blake', 'front_desk'],
  ],
  GEE: [
    ['Hemi', 'Walker', 'lead_instructor'],
    ['Sofie', 'Lindgren', 'lead_instructor'],
    ['Marcus', 'Webb', 'lead_instructor'],
    ['Yasmin', 'Karimi', 'lead_instructor'],
    ['Patrick', 'Doyle', 'lead_instructor'],
    ['Mei', 'Tan', 'front_desk'],
  ],
}

const spacesOf: Readonly<Record<string, readonly (readonly [name: string, kind: RowOf<'spaces'>['kind']])[]>> = {
  WER: [
    ['Lane 1', 'lane'],
    ['Lane 2', 'lane'],
    ['Lane 3', 'lane'],
    ['Lane 4', 'lane'],
    ['Learners pool', 'pool'],
    ['Court 1', 'court'],
    ['Court 2', 'court'],
    ['Oval north', 'field'],
    ['Oval south', 'field'],
  ],
  GEE: [
    ['Lane 1', 'lane'],
    ['Lane 2', 'lane'],
    ['Lane 3', 'lane'],
    ['Bay pool', 'pool'],
    ['East court', 'court'],
    ['West court', 'court'],
    ['Pitch A', 'field'],
    ['Pitch B', 'field'],
  ],
}

/** The organization with its two sites, staff, roles, programs and ways to pay. */
export const draftOrganization = (
  draft: Draft,
): { readonly sites: readonly Site[]; readonly organizationId: string } => {
  const { random, rows } = draft
  const organizationId = random.id()
  rows.organizations.push({
    id: organizationId,
    name: 'Bluewater Academy',
    facility_label: 'Campus',
    color: '#0b6fb8',
  })
  for (const [name, color] of programColors)
    rows.programs.push({ id: random.id(), organization_id: organizationId, name, color })
  draftPaymentMethods(draft, organizationId)
  const facilities = facilityFacts.map((facts) => ({ id: random.id(), organization_id: organizationId, ...facts }))
  rows.facilities.push(...facilities)
  const roleIds = draftRoles(draft, organizationId)
  const shared = demoSignIns.map((person) => {
    const staff = newStaff(draft, organizationId, [person.first_name, person.last_name])
    assign(draft, staff, roleIds[person.role], person.role === 'admin' ? [null] : facilities.map(({ id }) => id))
    return { staff, role: person.role }
  })
  const sites = facilities.map((facility) => {
    const own = (colleaguesOf[facility.code] ?? []).map(([first, last, role]) => {
      const staff = newStaff(draft, organizationId, [first, last])
      assign(draft, staff, roleIds[role], [facility.id])
      return { staff, role }
    })
    return draftSite(draft, facility, [...shared, ...own])
  })
  return { sites, organizationId }
}

const programColors = [
  ['Swimming', '#0b7285'],
  ['Football', '#2b8a3e'],
  ['Basketball', '#d9480f'],
] as const

const seller = {
  time_zone: 'Australia/Melbourne',
  locale: 'en-AU',
  currency: 'AUD',
  legal_name: 'Bluewater Academy Pty Ltd',
  registration_label: 'ABN',
  // Valid by its check digits; the company behind it does not exist.
  registration_number: '82 000 000 042',
  // 45 + 15 minutes: long enough that some local time fits in the hour that daylight saving repeats.
  check_in_opens_minutes: 45,
  check_in_closes_minutes: 15,
}

const facilityFacts = [
  {
    name: 'Werribee',
    code: 'WER',
    address: '12 Watton Street, Werribee VIC 3030',
    phone: '(03) 5550 1200',
    email: 'werribee@bluewater.example',
    ...seller,
  },
  {
    name: 'Geelong',
    code: 'GEE',
    address: '88 Eastern Beach Road, Geelong VIC 3220',
    phone: '(03) 5550 1300',
    email: 'geelong@bluewater.example',
    ...seller,
  },
]

const draftPaymentMethods = ({ random, rows }: Draft, organizationId: string): void => {
  const methods = [
    ['Cash', 'cash', 'c', null],
    ['Card terminal', 'card_terminal', 't', 'Slip number'],
    ['Bank transfer', 'bank', 'b', 'Bank reference'],
    ['Voucher', 'voucher', 'v', 'Voucher code'],
  ] as const
  rows.payment_methods.push(
    ...methods.map(([name, kind, hotkey, reference_label], index) => ({
      id: random.id(),
      organization_id: organizationId,
      name,
      kind,
      hotkey,
      reference_label,
      sort: index + 1,
      archived_at: null,
    })),
  )
}

const draftRoles = ({ random, rows }: Draft, organizationId: string): Readonly<Record<DemoRole, string>> => {
  const roleId = ({ role, title }: { readonly role: DemoRole; readonly title: string }): string => {
    const id = random.id()
    rows.roles.push({ id, organization_id: organizationId, code: role, name: title })
    rows.role_permissions.push(
      ...rolePermissions[role].map((permission) => ({
        id: random.id(),
        organization_id: organizationId,
        role_id: id,
        permission,
      })),
    )
    return id
  }
  const [frontDesk, instructor, manager, admin] = demoSignIns
  return {
    front_desk: roleId(frontDesk),
    lead_instructor: roleId(instructor),
    campus_manager: roleId(manager),
    admin: roleId(admin),
  }
}

const newStaff = (
  { random, rows }: Draft,
  organizationId: string,
  [firstName, lastName]: readonly [string, string],
): RowOf<'staff'> => {
  const staff = {
    id: random.id(),
    organization_id: organizationId,
    first_name: firstName,
    last_name: lastName,
    archived_at: null,
  }
  rows.staff.push(staff)
  return staff
}

const assign = (
  { random, rows }: Draft,
  staff: RowOf<'staff'>,
  roleId: string,
  facilityIds: readonly (string | null)[],
): void => {
  rows.role_assignments.push(
    ...facilityIds.map((facility_id) => ({
      id: random.id(),
      organization_id: staff.organization_id,
      staff_id: staff.id,
      role_id: roleId,
      facility_id,
      ended_at: null,
    })),
  )
}

const draftSite = (
  { now, random, rows }: Draft,
  facility: RowOf<'facilities'>,
  people: readonly { readonly staff: RowOf<'staff'>; readonly role: DemoRole }[],
): Site => {
  const today = dateAt(now, facility.time_zone)
  const spaces = (spacesOf[facility.code] ?? []).map(([name, kind]) => ({
    id: random.id(),
    facility_id: facility.id,
    name,
    kind,
    capacity: kind === 'lane' ? 14 : 30,
  }))
  const device: RowOf<'devices'> = {
    id: random.id(),
    facility_id: facility.id,
    name: 'Office',
    audience: 'office',
    enrolled_at: instantOf(addDays(today, -140), '09:00', facility.time_zone),
    revoked_at: null,
  }
  const till = { id: random.id(), facility_id: facility.id, device_id: device.id, code: `${facility.code}1` }
  rows.spaces.push(...spaces)
  rows.devices.push(device)
  rows.tills.push(till)
  const staffOf = (role: DemoRole) => people.filter((person) => person.role === role).map(({ staff }) => staff)
  return {
    facility,
    today,
    spaces,
    instructors: staffOf('lead_instructor'),
    desk: staffOf('front_desk'),
    managers: staffOf('campus_manager'),
    device,
    till,
  }
}
