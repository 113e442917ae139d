import { instant, uuid } from '../columns.ts'
import { organizationScope, table } from '../table.ts'

/** Who has which role where; without a facility it holds in the whole organization (U06). */
export const roleAssignments = table(
  'role_assignments',
  {
    id: uuid(),
    organization_id: uuid('organizations'),
    staff_id: uuid('staff'),
    role_id: uuid('roles'),
    facility_id: uuid('facilities').nullable(),
    ended_at: instant().nullable(),
  },
  { scope: organizationScope(), indexes: [['staff_id']] },
)
