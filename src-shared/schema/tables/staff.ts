import { instant, text, uuid } from '../columns.ts'
import { organizationScope, table } from '../table.ts'

/** A person who works here. Passwords are in `staff_credentials`, which never leaves the server. */
export const staff = table(
  'staff',
  {
    id: uuid(),
    organization_id: uuid('organizations'),
    first_name: text(100),
    last_name: text(100),
    archived_at: instant().nullable(),
  },
  { scope: organizationScope() },
)
