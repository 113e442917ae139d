import { text, uuid } from '../columns.ts'
import { organizationScope, table } from '../table.ts'

export const programs = table(
  'programs',
  {
    id: uuid(),
    organization_id: uuid('organizations'),
    name: text(200),
    /** `#rrggbb` */
    color: text(7),
  },
  { scope: organizationScope() },
)
