import { money, uuid } from '../columns.ts'
import { familyScope, table } from '../table.ts'

/** What a payment pays. What is not allocated is the family's credit. */
export const paymentAllocations = table(
  'payment_allocations',
  {
    id: uuid(),
    family_id: uuid('families'),
    payment_id: uuid('payments'),
    invoice_id: uuid('invoices'),
    amount: money(),
  },
  { scope: familyScope(), indexes: [['invoice_id'], ['payment_id']] },
)
