import { permissions } from '../../src-shared/permissions.ts'
import type { Database, SyncedTableName } from '../../src-shared/schema/tables.ts'
import type { LogEntry } from '../../src-shared/replica/log-entry.ts'
import * as build from './academy.ts'

/** Rows by table, as a facility log would bring them. */
export type Rows = { readonly [T in SyncedTableName]?: readonly Database[T][] }

/** The log entries of rows, from position `after` + 1 on. */
export const entriesOf = (rows: Rows, after = 0): readonly LogEntry[] =>
  Object.entries(rows)
    .flatMap(([table_name, tableRows]) => tableRows.map((row) => ({ table_name, row_id: row.id, row: { ...row } })))
    .map((entry, index) => ({ ...entry, position: after + index + 1 }))

/**
 * What a counter needs: one staff member who may do everything, a till, cash, a session with a family of three booked in
 * it, and two invoices of 64.00 and 20.00.
 */
export const counterRows = () => {
  const { organization_id, facility_id, staff_id, device_id } = build.academy
  const role = { id: build.newId(), organization_id, code: 'admin', name: 'Admin' }
  const cash: Database['payment_methods'] = {
    id: build.newId(),
    organization_id,
    name: 'Cash',
    kind: 'cash',
    hotkey: 'C',
    reference_label: null,
    sort: 1,
    archived_at: null,
  }
  const staff = build.staffMember()
  const till = { id: build.newId(), facility_id, device_id, code: 'WER2' }
  const cohort = build.cohort()
  const session = build.session({ class_id: cohort.id })
  const family = build.family()
  const children = [
    build.student({ first_name: 'Mia' }),
    build.student({ first_name: 'Leo' }),
    build.student({ first_name: 'Ida' }),
  ] as const
  const invoices = [
    build.invoice({ family_id: family.id, number: 'INV-0001', due_on: '2026-10-31' }),
    build.invoice({ family_id: family.id, number: 'INV-0002', due_on: '2026-11-30' }),
  ] as const
  const rows = {
    organizations: [build.organization()],
    facilities: [build.facility()],
    programs: [build.program()],
    staff: [staff],
    roles: [role],
    role_permissions: permissions.map((permission) => ({
      id: build.newId(),
      organization_id,
      role_id: role.id,
      permission,
    })),
    role_assignments: [
      { id: build.newId(), organization_id, staff_id, role_id: role.id, facility_id: null, ended_at: null },
    ],
    payment_methods: [cash],
    devices: [build.device()],
    tills: [till],
    classes: [cohort],
    sessions: [session],
    families: [family],
    family_facilities: [{ id: build.newId(), family_id: family.id, facility_id }],
    guardians: [build.guardian({ family_id: family.id, phone: '0400 111 222', phone_e164: '+61400111222' })],
    students: children,
    family_students: children.map((child) => build.childOf(family, child)),
    bookings: children.map(({ id }) => build.booking({ session_id: session.id, student_id: id })),
    invoices,
    invoice_lines: [
      build.invoiceLine({ family_id: family.id, invoice_id: invoices[0].id }),
      build.invoiceLine({
        family_id: family.id,
        invoice_id: invoices[1].id,
        unit_amount: 2000,
        total: 2000,
        tax_amount: 182,
      }),
    ],
  } satisfies Rows
  return { rows, cash, till, session, family, children, invoices, staff }
}

export type Counter = ReturnType<typeof counterRows>
