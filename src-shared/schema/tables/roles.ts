import { text, uuid } from '../columns.ts'
import { organizationScope, table } from '../table.ts'

/** Roles are data (U06): front_desk, lead_instructor, campus_manager, admin … */
export const roles = table(
  'roles',
  {
    id: uuid(),
    organization_id: uuid('organizations'),
    code: text(60),
    name: text(100),
  },
  { scope: organizationScope() },
)
