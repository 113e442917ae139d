import { text, uuid } from '../columns.ts'
import { organizationScope, table } from '../table.ts'

/** One thing that a role may do. Text, not a closed list: an older desktop meets permissions that it does not know. */
export const rolePermissions = table(
  'role_permissions',
  {
    id: uuid(),
    organization_id: uuid('organizations'),
    role_id: uuid('roles'),
    permission: text(60),
  },
  { scope: organizationScope(), indexes: [['role_id']] },
)
