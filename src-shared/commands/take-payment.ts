import type { Transaction } from 'kysely'
import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { invoicesOf } from '../rules/invoices.ts'
import { type Allocation, fitAllocations } from '../rules/money.ts'
import { type ReceiptContent, receiptLabel } from '../rules/receipt.ts'
import { amountSchema, idSchema, sharedText } from '../schema/columns.ts'
import type { Database } from '../schema/tables.ts'
import { type CommandRun, defineCommand } from './command.ts'
import { composeReceipt } from './compose-receipt.ts'

const takePaymentArgs = z.strictObject({
  family_id: idSchema,
  method_id: idSchema,
  amount: amountSchema.min(1),
  /** Cash handed over; null for other methods. */
  tendered: amountSchema.nullable(),
  reference: sharedText(100).nullable(),
  /** What the person at the counter saw it pay; the sum is at most `amount`. */
  allocations: z
    .array(
      z.strictObject({
        invoice_id: idSchema,
        amount: amountSchema.min(1),
        /** What had been paid of the invoice before, as shown at the counter: total − outstanding. */
        already_paid: amountSchema,
      }),
    )
    .max(200),
})
export type TakePaymentArgs = z.infer<typeof takePaymentArgs>

/**
 * Money that changed hands (J3, U24): the payment, what it pays, and the receipt with the number that the device drew.
 * What an invoice no longer waits for stays as credit and is reported as merged; the receipt says what was printed.
 * Rows: payment = mutation + 1, receipt = mutation + 2.
 */
export const takePayment = defineCommand<TakePaymentArgs>({
  name: 'payment.take',
  version: 1,
  args: takePaymentArgs,
  permission: 'payments.take',
  drawsReceiptNumber: true,

  async apply(tx, args, run) {
    const method = await findMethod(tx, args.method_id)
    // One that was archived after the click was still there when the money changed hands.
    if (!method || (method.archived_at !== null && method.archived_at <= run.at)) {
      throw new DomainError('not_found', 'This way to pay does not exist any more.')
    }
    requireWholePayment(args, method)

    const paymentId = run.newId()
    const receiptId = run.newId()
    await run.lock('families', args.family_id)
    const { currency } = await insertPayment(tx, args, { run, paymentId })
    const invoices = await invoicesOf(tx, args.family_id, currency)
    const fitting = fitAllocations(args.allocations, invoices)
    for (const allocation of fitting) {
      await tx
        .insertInto('payment_allocations')
        .values({ id: run.newId(), family_id: args.family_id, payment_id: paymentId, ...allocation })
        .execute()
    }
    const number = requireSeriesNumber(run)
    const content = await composeReceipt(tx, { args, methodName: method.name, run })
    await tx
      .insertInto('receipts')
      .values({ id: receiptId, payment_id: paymentId, number, ...receiptColumns(content, args, run) })
      .execute()

    const credit = sumOf(args.allocations) - sumOf(fitting)
    if (credit === 0) return undefined
    return {
      code: 'left_as_credit',
      message: 'Part of this payment is kept as credit, because the invoice was already paid.',
      details: { credit, family_id: args.family_id, payment_id: paymentId },
    }
  },

  /**
   * The money is in the drawer and the receipt in the family's hand: keep both, the money as credit, without allocations.
   * Only a number that another receipt has is not kept twice.
   */
  async salvage(tx, args, run, reason) {
    const paymentId = run.newId()
    const receiptId = run.newId()
    await insertPayment(tx, args, { run, paymentId })
    const method = await findMethod(tx, args.method_id)
    if (method && run.seriesNumber !== null) {
      const content = await composeReceipt(tx, { args, methodName: method.name, run })
      await tx
        .insertInto('receipts')
        .values({
          id: receiptId,
          payment_id: paymentId,
          number: run.seriesNumber,
          ...receiptColumns(content, args, run),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    }
    return {
      code: 'left_as_credit',
      message: `The payment is kept as credit. ${reason.message}`,
      details: {
        credit: args.amount,
        family_id: args.family_id,
        payment_id: paymentId,
        reason: reason.code,
        receipt: run.seriesNumber === null ? null : receiptLabel(run.till.code, run.seriesNumber),
      },
    }
  },
})

const sumOf = (allocations: readonly Allocation[]): number => allocations.reduce((sum, { amount }) => sum + amount, 0)

const receiptColumns = (content: ReceiptContent, { family_id }: TakePaymentArgs, { till, at }: CommandRun) => ({
  family_id,
  till_id: till.id,
  label: content.label,
  issued_at: at,
  content: JSON.stringify(content),
})

const findMethod = (tx: Transaction<Database>, id: string) =>
  tx
    .selectFrom('payment_methods')
    .select(['name', 'kind', 'reference_label', 'archived_at'])
    .where('id', '=', id)
    .executeTakeFirst()

const requireSeriesNumber = ({ seriesNumber }: CommandRun): number => {
  if (seriesNumber === null) throw new DomainError('invalid_input', 'A payment needs its receipt number.')
  return seriesNumber
}

const requireWholePayment = (
  args: TakePaymentArgs,
  method: { readonly kind: string; readonly reference_label: string | null },
): void => {
  if (sumOf(args.allocations) > args.amount) {
    throw new DomainError('invalid_input', 'More is allocated than was paid.')
  }
  if (new Set(args.allocations.map(({ invoice_id }) => invoice_id)).size < args.allocations.length) {
    throw new DomainError('invalid_input', 'An invoice is named twice.')
  }
  if (method.kind !== 'cash' && args.tendered !== null) {
    throw new DomainError('invalid_input', 'Only cash is handed over and changed.')
  }
  if (args.tendered !== null && args.tendered < args.amount) {
    throw new DomainError('tendered_too_little', 'The cash handed over is less than the amount.')
  }
  if (method.reference_label !== null && !args.reference?.trim()) {
    throw new DomainError('reference_missing', `Enter the ${method.reference_label.toLowerCase()}.`)
  }
}

const insertPayment = async (
  tx: Transaction<Database>,
  args: TakePaymentArgs,
  { run, paymentId }: { readonly run: CommandRun; readonly paymentId: string },
): Promise<{ readonly currency: string }> => {
  const facility = await tx
    .selectFrom('facilities')
    .select('currency')
    .where('id', '=', run.facilityId)
    .executeTakeFirstOrThrow()
  const family = await tx.selectFrom('families').select('id').where('id', '=', args.family_id).executeTakeFirst()
  if (!family) throw new DomainError('not_found', 'This family does not exist here.', { family_id: args.family_id })
  await tx
    .insertInto('payments')
    .values({
      id: paymentId,
      family_id: args.family_id,
      facility_id: run.facilityId,
      till_id: run.till.id,
      method_id: args.method_id,
      currency: facility.currency,
      amount: args.amount,
      tendered: args.tendered,
      reference: args.reference,
      at: run.at,
      staff_id: run.staffId,
      device_id: run.deviceId,
    })
    .execute()
  return facility
}
