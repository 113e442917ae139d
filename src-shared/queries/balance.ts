import type { Kysely } from 'kysely'
import { type InvoiceOwed, invoicesOf } from '../rules/invoices.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import type { DateText } from '../time.ts'

/** What a family owes in one currency, in minor units. Derived from invoices and standing payments, never stored (U31). */
export interface Balance {
  readonly currency: string
  /** Sent invoices less standing payments; negative is credit. */
  readonly amount: number
  /** When the oldest invoice that is not paid was due. */
  readonly oldest_due_on: DateText | null
}

/** What a family paid in one currency and did not take back. */
export const paidBy = async (db: Kysely<SearchDatabase>, familyId: string, currency: string): Promise<number> => {
  const payments = await db
    .selectFrom('payments as payment')
    .leftJoin('payment_voids as void', 'void.payment_id', 'payment.id')
    .select('payment.amount')
    .where('payment.family_id', '=', familyId)
    .where('payment.currency', '=', currency)
    .where('void.id', 'is', null)
    .execute()
  return payments.reduce((sum, { amount }) => sum + amount, 0)
}

export const balanceFrom = (invoices: readonly InvoiceOwed[], paid: number, currency: string): Balance => ({
  currency,
  amount: invoices.reduce((sum, { total }) => sum + total, 0) - paid,
  oldest_due_on: invoices.find(({ outstanding }) => outstanding > 0)?.due_on ?? null,
})

export const balanceOf = async (db: Kysely<SearchDatabase>, familyId: string, currency: string): Promise<Balance> =>
  balanceFrom(await invoicesOf(db, familyId, currency), await paidBy(db, familyId, currency), currency)
