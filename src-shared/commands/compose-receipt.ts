import type { Transaction } from 'kysely'
import { invoicesWithLines } from '../rules/invoices.ts'
import { type ReceiptContent, receiptLabel } from '../rules/receipt.ts'
import { type PaymentEntered, receiptOfPayment } from '../rules/receipt-of-payment.ts'
import type { Database } from '../schema/tables.ts'
import type { CommandRun } from './command.ts'

interface Parts {
  readonly args: PaymentEntered & { readonly family_id: string }
  readonly methodName: string
  readonly run: CommandRun
}

/**
 * What is printed. It follows what the person at the counter saw (`args.allocations`), not what the server could still
 * allocate, so that every replica keeps the content of the paper: also of an invoice that was voided meanwhile.
 */
export const composeReceipt = async (
  tx: Transaction<Database>,
  { args, methodName, run }: Parts,
): Promise<ReceiptContent> => {
  const facility = await tx
    .selectFrom('facilities')
    .selectAll()
    .where('id', '=', run.facilityId)
    .executeTakeFirstOrThrow()
  const family = await tx
    .selectFrom('families')
    .select('name')
    .where('id', '=', args.family_id)
    .executeTakeFirstOrThrow()
  const cashier = await tx
    .selectFrom('staff')
    .select(['first_name', 'last_name'])
    .where('id', '=', run.staffId)
    .executeTakeFirstOrThrow()
  const invoices = await invoicesWithLines(tx, args.family_id)
  return receiptOfPayment({
    entered: args,
    label: receiptLabel(run.till.code, run.seriesNumber ?? 0),
    at: run.at,
    facility,
    familyName: family.name,
    methodName,
    cashier,
    invoices,
  })
}
