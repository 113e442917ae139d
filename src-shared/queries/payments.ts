import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { invoicesOf } from '../rules/invoices.ts'
import type { Outstanding } from '../rules/money.ts'
import { type ReceiptContent, receiptContent } from '../rules/receipt.ts'
import { instantSchema } from '../schema/columns.ts'
import type { Row } from '../schema/table.ts'
import type { paymentMethods } from '../schema/tables/payment-methods.ts'
import { daysBetween } from '../time.ts'
import { type Balance, balanceFrom, paidBy } from './balance.ts'
import { facilityClock } from './facility-clock.ts'
import { defineQuery } from './query.ts'

export interface DueInvoice extends Outstanding {
  /** What its lines say, in short. */
  readonly description: string
  readonly more_lines: number
  /** Days since it was due; negative before. */
  readonly days: number
}

export type PaymentMethod = Pick<Row<typeof paymentMethods>, 'id' | 'name' | 'kind' | 'hotkey' | 'reference_label'>

export interface PaymentsDue {
  readonly family_id: string
  readonly family_name: string
  readonly balance: Balance
  /** Outstanding ones, oldest due first. */
  readonly invoices: readonly DueInvoice[]
  readonly methods: readonly PaymentMethod[]
}

/** What a family has to pay and how it can (J3); null when the family does not exist here. */
export const paymentsDue = defineQuery({
  name: 'payments.due',
  args: z.strictObject({ family_id: z.uuid(), now: instantSchema }),
  permission: 'money.read',

  run: async (db, { family_id, now }, context): Promise<PaymentsDue | null> => {
    const family = await db.selectFrom('families').select('name').where('id', '=', family_id).executeTakeFirst()
    if (!family) return null
    const { facility, today } = await facilityClock(db, context, now)
    const { currency } = facility
    const invoices = await invoicesOf(db, family_id, currency)
    const methods = await db
      .selectFrom('payment_methods')
      .select(['id', 'name', 'kind', 'hotkey', 'reference_label'])
      .where('organization_id', '=', facility.organization_id)
      .where('archived_at', 'is', null)
      .orderBy('sort')
      .orderBy('name')
      .execute()
    return {
      family_id,
      family_name: family.name,
      balance: balanceFrom(invoices, await paidBy(db, family_id, currency), currency),
      invoices: invoices
        .filter(({ outstanding }) => outstanding > 0)
        .map(({ lines, ...invoice }) => ({
          ...invoice,
          description: lines[0]?.description ?? '',
          more_lines: Math.max(0, lines.length - 1),
          days: daysBetween(invoice.due_on, today),
        })),
      methods,
    }
  },
})

export interface PaidPayment {
  readonly payment_id: string
  readonly at: string
  readonly amount: number
  readonly currency: string
  readonly method: string
  readonly taken_by: string
  /** Null when the server kept the money without the receipt of this till. */
  readonly receipt: { readonly id: string; readonly label: string } | null
  readonly void: VoidFact | null
}

interface VoidFact {
  readonly at: string
  readonly reason: string
  readonly by: string
}

const nameOf = (first: string | null, last: string | null): string => `${first ?? ''} ${last ?? ''}`.trim()

/** The payments of a family, the last one first, voided ones among them. */
export const paymentsOfFamily = defineQuery({
  name: 'payments.of_family',
  args: z.strictObject({ family_id: z.uuid() }),
  permission: 'money.read',

  run: async (db, { family_id }): Promise<readonly PaidPayment[]> => {
    const rows = await db
      .selectFrom('payments as payment')
      .innerJoin('payment_methods as method', 'method.id', 'payment.method_id')
      .leftJoin('receipts as receipt', 'receipt.payment_id', 'payment.id')
      .leftJoin('payment_voids as void', 'void.payment_id', 'payment.id')
      .leftJoin('staff as cashier', 'cashier.id', 'payment.staff_id')
      .leftJoin('staff as voider', 'voider.id', 'void.staff_id')
      .select(['payment.id', 'payment.at', 'payment.amount', 'payment.currency', 'method.name as method'])
      .select(['receipt.id as receipt_id', 'receipt.label', 'void.at as void_at', 'void.reason'])
      .select(['cashier.first_name', 'cashier.last_name'])
      .select(['voider.first_name as voider_first', 'voider.last_name as voider_last'])
      .where('payment.family_id', '=', family_id)
      .orderBy('payment.at', 'desc')
      .orderBy('payment.id', 'desc')
      .execute()
    return rows.map((row) => ({
      payment_id: row.id,
      at: row.at,
      amount: row.amount,
      currency: row.currency,
      method: row.method,
      taken_by: nameOf(row.first_name, row.last_name),
      receipt: row.receipt_id === null ? null : { id: row.receipt_id, label: row.label ?? '' },
      void:
        row.void_at === null
          ? null
          : { at: row.void_at, reason: row.reason ?? '', by: nameOf(row.voider_first, row.voider_last) },
    }))
  },
})

export interface ReceiptView {
  readonly receipt_id: string
  readonly payment_id: string
  readonly family_id: string
  readonly label: string
  readonly content: ReceiptContent
  readonly void: VoidFact | null
}

/** A receipt as it was printed, and whether its payment was voided since. */
export const receiptsGet = defineQuery({
  name: 'receipts.get',
  args: z.strictObject({ receipt_id: z.uuid() }),
  permission: 'money.read',

  run: async (db, { receipt_id }): Promise<ReceiptView> => {
    const row = await db
      .selectFrom('receipts as receipt')
      .leftJoin('payment_voids as void', 'void.payment_id', 'receipt.payment_id')
      .leftJoin('staff as voider', 'voider.id', 'void.staff_id')
      .select(['receipt.id', 'receipt.payment_id', 'receipt.family_id', 'receipt.label', 'receipt.content'])
      .select(['void.at as void_at', 'void.reason', 'voider.first_name', 'voider.last_name'])
      .where('receipt.id', '=', receipt_id)
      .executeTakeFirst()
    if (!row) throw new DomainError('not_found', 'This receipt does not exist here.')
    return {
      receipt_id: row.id,
      payment_id: row.payment_id,
      family_id: row.family_id,
      label: row.label,
      content: receiptContent.parse(JSON.parse(row.content)),
      void:
        row.void_at === null
          ? null
          : { at: row.void_at, reason: row.reason ?? '', by: nameOf(row.first_name, row.last_name) },
    }
  },
})
