import { text, uuid } from '../columns.ts'
import { serverScope, table } from '../table.ts'

export const staffCredentials = table(
  'staff_credentials',
  {
    id: uuid('staff'),
    organization_id: uuid('organizations'),
    /** Lower case; unique in the organization. */
    sign_in_name: text(200),
    /** argon2id in PHC form. */
    password_hash: text(500),
  },
  { scope: serverScope },
)
