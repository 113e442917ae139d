import { instant, money, text, uuid } from '../columns.ts'
import { familyScope, table } from '../table.ts'

/** Money that changed hands. Never edited, only voided by a row of its own (U24). */
export const payments = table(
  'payments',
  {
    id: uuid(),
    family_id: uuid('families'),
    facility_id: uuid('facilities'),
    till_id: uuid('tills'),
    method_id: uuid('payment_methods'),
    currency: text(3),
    amount: money(),
    /** Cash handed over; null for other methods. The change is tendered − amount. */
    tendered: money().nullable(),
    reference: text(100).nullable(),
    at: instant(),
    staff_id: uuid('staff'),
    device_id: uuid('devices'),
  },
  { scope: familyScope(), indexes: [['family_id']] },
)
