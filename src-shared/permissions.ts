/** What a role can be allowed to do. Roles are data (U06); these are the words they are made of. */
export const permissions = [
  'families.read',
  'medical.read',
  'money.read',
  'check_ins.record',
  'classes.read',
  'attendance.record',
  'attendance.correct',
  'payments.take',
  'payments.void',
  'devices.enroll',
] as const

export type Permission = (typeof permissions)[number]

/**
 * What stays allowed when the lease is over (reference/SECURITY.md §3): children are still let in and marked present;
 * money and medical data are locked until the person signs in once with internet.
 */
export const permissionsWithoutLease: readonly Permission[] = [
  'families.read',
  'check_ins.record',
  'classes.read',
  'attendance.record',
]
