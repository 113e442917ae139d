import type { SyncedTableName } from '../../src-shared/schema/tables.ts'
import { isSyncedTable } from '../../src-shared/schema/tables.ts'

/** What the people at the desk call one and several rows of each table. */
const words: Readonly<Record<SyncedTableName, readonly [one: string, many: string]>> = {
  organizations: ['organization', 'organizations'],
  facilities: ['facility', 'facilities'],
  programs: ['program', 'programs'],
  spaces: ['space', 'spaces'],
  staff: ['staff member', 'staff members'],
  roles: ['role', 'roles'],
  role_permissions: ['permission', 'permissions'],
  role_assignments: ['role of a staff member', 'roles of staff members'],
  payment_methods: ['way to pay', 'ways to pay'],
  devices: ['computer', 'computers'],
  tills: ['till', 'tills'],
  classes: ['class', 'classes'],
  sessions: ['session', 'sessions'],
  families: ['family', 'families'],
  family_facilities: ['family’s facility', 'families’ facilities'],
  guardians: ['guardian', 'guardians'],
  students: ['child', 'children'],
  family_students: ['child’s family', 'children’s families'],
  health_items: ['health note', 'health notes'],
  enrollments: ['enrollment', 'enrollments'],
  bookings: ['booking', 'bookings'],
  check_ins: ['check-in', 'check-ins'],
  attendance_marks: ['attendance mark', 'attendance marks'],
  invoices: ['invoice', 'invoices'],
  invoice_lines: ['invoice line', 'invoice lines'],
  payments: ['payment', 'payments'],
  payment_allocations: ['use of a payment', 'uses of payments'],
  payment_voids: ['voided payment', 'voided payments'],
  receipts: ['receipt', 'receipts'],
  device_progress: ['count of what was sent', 'counts of what was sent'],
  mutation_outcomes: ['decision of the server', 'decisions of the server'],
  inbox_settlements: ['settled change', 'settled changes'],
}

/** `children, payments`. */
export const tablesText = (tables: readonly string[]): string =>
  tables.map((table) => (isSyncedTable(table) ? words[table][1] : table)).join(', ')

/** `1 child, 2 payments`. */
export const rowsText = (
  counts: readonly { readonly table: string; readonly rows: number }[],
  locale: string,
): string =>
  counts
    .map(({ table, rows }) => {
      const [one, many] = isSyncedTable(table) ? words[table] : [table, table]
      return `${rows.toLocaleString(locale)} ${rows === 1 ? one : many}`
    })
    .join(', ')
