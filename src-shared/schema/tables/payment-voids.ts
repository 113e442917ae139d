import { instant, text, uuid } from '../columns.ts'
import { familyScope, table } from '../table.ts'

/** Takes a payment back as a whole; the receipt keeps its number (J3). */
export const paymentVoids = table(
  'payment_voids',
  {
    id: uuid(),
    family_id: uuid('families'),
    payment_id: uuid('payments'),
    reason: text(500),
    at: instant(),
    staff_id: uuid('staff'),
    device_id: uuid('devices'),
  },
  { scope: familyScope(), indexes: [['payment_id'], ['family_id']] },
)
