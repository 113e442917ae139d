import { integer, text, uuid } from '../columns.ts'
import { organizationScope, table } from '../table.ts'

/** A site. Its currency, zone and legal data stand on every receipt. */
export const facilities = table(
  'facilities',
  {
    id: uuid(),
    organization_id: uuid('organizations'),
    name: text(200),
    /** Three letters that its tills' receipt numbers start with. */
    code: text(8),
    address: text(500),
    phone: text(40).nullable(),
    email: text(200).nullable(),
    /** IANA zone, such as Australia/Melbourne. */
    time_zone: text(64),
    /** BCP 47, such as en-AU: how dates and money are written. */
    locale: text(35),
    /** ISO 4217. */
    currency: text(3),
    legal_name: text(200),
    /** How the country calls the number: ABN, GSTIN, TIN (U26). */
    registration_label: text(20).nullable(),
    registration_number: text(40).nullable(),
    /** Check-in is open from this many minutes before the start … */
    check_in_opens_minutes: integer(),
    /** … until this many minutes after it. */
    check_in_closes_minutes: integer(),
  },
  { scope: organizationScope() },
)
