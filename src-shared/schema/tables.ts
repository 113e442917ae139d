import type { Row, Table } from './table.ts'
import { attendanceMarks } from './tables/attendance-marks.ts'
import { bookings } from './tables/bookings.ts'
import { checkIns } from './tables/check-ins.ts'
import { classes } from './tables/classes.ts'
import { deviceCodes } from './tables/device-codes.ts'
import { deviceKeys } from './tables/device-keys.ts'
import { deviceProgress } from './tables/device-progress.ts'
import { devices } from './tables/devices.ts'
import { enrollments } from './tables/enrollments.ts'
import { facilities } from './tables/facilities.ts'
import { families } from './tables/families.ts'
import { familyFacilities } from './tables/family-facilities.ts'
import { familyStudents } from './tables/family-students.ts'
import { guardians } from './tables/guardians.ts'
import { healthItems } from './tables/health-items.ts'
import { inboxSettlements } from './tables/inbox-settlements.ts'
import { invoiceLines } from './tables/invoice-lines.ts'
import { invoices } from './tables/invoices.ts'
import { leases } from './tables/leases.ts'
import { mutationOutcomes } from './tables/mutation-outcomes.ts'
import { mutations } from './tables/mutations.ts'
import { organizations } from './tables/organizations.ts'
import { paymentAllocations } from './tables/payment-allocations.ts'
import { paymentMethods } from './tables/payment-methods.ts'
import { paymentVoids } from './tables/payment-voids.ts'
import { payments } from './tables/payments.ts'
import { programs } from './tables/programs.ts'
import { receipts } from './tables/receipts.ts'
import { roleAssignments } from './tables/role-assignments.ts'
import { rolePermissions } from './tables/role-permissions.ts'
import { roles } from './tables/roles.ts'
import { sessions } from './tables/sessions.ts'
import { spaces } from './tables/spaces.ts'
import { staff } from './tables/staff.ts'
import { staffCredentials } from './tables/staff-credentials.ts'
import { students } from './tables/students.ts'
import { tills } from './tables/tills.ts'

/** The tables that are replicated, parents before children. */
export const syncedTables = {
  organizations,
  facilities,
  programs,
  spaces,
  staff,
  roles,
  role_permissions: rolePermissions,
  role_assignments: roleAssignments,
  payment_methods: paymentMethods,
  devices,
  tills,
  classes,
  sessions,
  families,
  family_facilities: familyFacilities,
  guardians,
  students,
  family_students: familyStudents,
  health_items: healthItems,
  enrollments,
  bookings,
  check_ins: checkIns,
  attendance_marks: attendanceMarks,
  invoices,
  invoice_lines: invoiceLines,
  payments,
  payment_allocations: paymentAllocations,
  payment_voids: paymentVoids,
  receipts,
  device_progress: deviceProgress,
  mutation_outcomes: mutationOutcomes,
  inbox_settlements: inboxSettlements,
} as const satisfies Record<string, Table>

/** The tables that never leave PostgreSQL. */
export const serverTables = {
  staff_credentials: staffCredentials,
  device_keys: deviceKeys,
  device_codes: deviceCodes,
  leases,
  mutations,
} as const satisfies Record<string, Table>

export type SyncedTableName = keyof typeof syncedTables

type RowsOf<T extends Record<string, Table>> = { [K in keyof T]: Row<T[K]> }

/** Kysely's view of what both databases hold: the one that commands and queries are written against. */
export type Database = RowsOf<typeof syncedTables>

/** Kysely's view of PostgreSQL. */
export type ServerDatabase = Database & RowsOf<typeof serverTables>

export const isSyncedTable = (name: string): name is SyncedTableName => Object.hasOwn(syncedTables, name)
