import type { TakePaymentArgs } from '../../src-shared/commands/take-payment.ts'
import type { Counter } from './counter-rows.ts'

type Allocation = TakePaymentArgs['allocations'][number]

export const allocationOf = ({ id }: { readonly id: string }, amount: number, already_paid = 0): Allocation => ({
  invoice_id: id,
  amount,
  already_paid,
})

/** What the counter's family pays in exact cash; the test says what differs. */
export const paymentOf =
  ({ family, cash }: Pick<Counter, 'family' | 'cash'>) =>
  (amount: number, allocations: readonly Allocation[], over: Partial<TakePaymentArgs> = {}): TakePaymentArgs => ({
    family_id: family.id,
    method_id: cash.id,
    amount,
    tendered: amount,
    reference: null,
    allocations: [...allocations],
    ...over,
  })
