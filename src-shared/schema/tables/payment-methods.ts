import { instant, integer, oneOf, text, uuid } from '../columns.ts'
import { organizationScope, table } from '../table.ts'

const paymentMethodKinds = ['cash', 'card_terminal', 'card_online', 'bank', 'cheque', 'wallet', 'voucher'] as const

/** Ways to pay are data (U25). */
export const paymentMethods = table(
  'payment_methods',
  {
    id: uuid(),
    organization_id: uuid('organizations'),
    name: text(60),
    kind: oneOf(paymentMethodKinds),
    /** The key that picks it at the counter. */
    hotkey: text(1),
    /** What the reference is called when this method needs one, such as "Slip number". */
    reference_label: text(60).nullable(),
    sort: integer(),
    archived_at: instant().nullable(),
  },
  { scope: organizationScope() },
)
