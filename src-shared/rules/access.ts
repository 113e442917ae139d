import type { Kysely } from 'kysely'
import { DomainError } from '../errors.ts'
import { permissions, type Permission, permissionsWithoutLease } from '../permissions.ts'
import type { Database } from '../schema/tables.ts'

const isPermission = (text: string): text is Permission => permissions.some((permission) => permission === text)

/** What a staff member may do at a facility, by the roles assigned to them (U06). The same on desktop and server. */
export const permissionsOf = async (
  db: Kysely<Database>,
  staffId: string,
  facilityId: string,
): Promise<ReadonlySet<Permission>> => toPermissions(await permissionRowsOf(db, staffId, facilityId).execute())

/** What `permissionsOf` reads. */
export const permissionRowsOf = (db: Kysely<Database>, staffId: string, facilityId: string) =>
  db
    .selectFrom('role_assignments as assignment')
    .innerJoin('role_permissions as granted', 'granted.role_id', 'assignment.role_id')
    .innerJoin('staff', 'staff.id', 'assignment.staff_id')
    .select('granted.permission')
    .distinct()
    .where('assignment.staff_id', '=', staffId)
    .where('assignment.ended_at', 'is', null)
    .where('staff.archived_at', 'is', null)
    .where((eb) => eb.or([eb('assignment.facility_id', 'is', null), eb('assignment.facility_id', '=', facilityId)]))

export const toPermissions = (rows: readonly { readonly permission: string }[]): ReadonlySet<Permission> =>
  new Set(rows.map((row) => row.permission).filter(isPermission))

/** What is left of permissions when the lease ended before `at` (reference/SECURITY.md §3). */
export const underLease = (
  granted: ReadonlySet<Permission>,
  leaseNotAfter: string,
  at: string,
): ReadonlySet<Permission> =>
  at <= leaseNotAfter ? granted : new Set(permissionsWithoutLease.filter((permission) => granted.has(permission)))

/** Throws `forbidden` unless the permission is there. */
export const requirePermission = (granted: ReadonlySet<Permission>, permission: Permission): void => {
  if (!granted.has(permission)) {
    throw new DomainError('forbidden', 'Your role does not allow this. Ask somebody who may.', { permission })
  }
}
