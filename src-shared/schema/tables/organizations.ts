import { text, uuid } from '../columns.ts'
import { organizationScope, table } from '../table.ts'

export const organizations = table(
  'organizations',
  {
    id: uuid(),
    name: text(200),
    /** What this organization calls a facility: Campus, Branch, Site (U01). */
    facility_label: text(40),
    /** `#rrggbb`, the accent of its screens. */
    color: text(7),
  },
  { scope: organizationScope('id') },
)
