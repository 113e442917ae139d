import type { Kysely } from 'kysely'
import type { SessionState } from '../../src-shared/contract/ipc.ts'
import type { Permission } from '../../src-shared/permissions.ts'
import { permissionsOf, underLease } from '../../src-shared/rules/access.ts'
import type { SearchDatabase } from '../../src-shared/schema/search-index.ts'
import type { KnownStaff, Profile } from './device/profile.ts'

/** The tables that say what a person may do: the session is read again when one of them changes. */
export const sessionTables: ReadonlySet<string> = new Set([
  'staff',
  'roles',
  'role_permissions',
  'role_assignments',
  'facilities',
  'organizations',
])

export interface Session {
  readonly staff: KnownStaff
  /** By roles alone; the lease is looked at anew at every call. */
  readonly granted: ReadonlySet<Permission>
  readonly facility: SessionState['facility']
}

/** Who is signed in, from the rows of the replica. Undefined while those are not there. */
export const readSession = async (
  db: Kysely<SearchDatabase>,
  staff: KnownStaff,
  profile: Profile,
): Promise<Session | undefined> => {
  const facility = await db
    .selectFrom('facilities as facility')
    .innerJoin('organizations as organization', 'organization.id', 'facility.organization_id')
    .select(['facility.id', 'facility.name', 'facility.time_zone', 'facility.locale', 'facility.currency'])
    .select(['organization.name as organization', 'organization.color'])
    .where('facility.id', '=', profile.facility_id)
    .executeTakeFirst()
  if (!facility) return undefined
  return { staff, facility, granted: await permissionsOf(db, staff.staff_id, profile.facility_id) }
}

/** What the person may do at `now` (instant). */
const permissionsAt = ({ granted, staff }: Session, now: string): ReadonlySet<Permission> =>
  underLease(granted, staff.lease_not_after, now)

export const toSessionState = (session: Session, profile: Profile, now: string): SessionState => ({
  staff_id: session.staff.staff_id,
  name: session.staff.name,
  permissions: [...permissionsAt(session, now)],
  facility: session.facility,
  till: profile.till,
  lease_not_after: session.staff.lease_not_after,
})
