import type { Transaction } from 'kysely'
import type { InvoiceOwed } from '../rules/invoices.ts'
import { taxWithin } from '../rules/money.ts'
import { type ReceiptContent, receiptLabel } from '../rules/receipt.ts'
import type { Database } from '../schema/tables.ts'
import type { CommandRun } from './command.ts'

/** What the person at the counter entered and saw. */
interface PaymentEntered {
  readonly family_id: string
  readonly amount: number
  readonly tendered: number | null
  readonly reference: string | null
  readonly allocations: readonly {
    readonly invoice_id: string
    readonly amount: number
    readonly already_paid: number
  }[]
}

interface Parts {
  readonly args: PaymentEntered
  readonly methodName: string
  readonly invoices: readonly InvoiceOwed[]
  readonly run: CommandRun
}

/**
 * What is printed. It follows what the person at the counter saw (`args.allocations`), not what the server could still
 * allocate, so that every replica keeps the content of the paper.
 */
export const composeReceipt = async (tx: Transaction<Database>, parts: Parts): Promise<ReceiptContent> => {
  const { args, methodName, run } = parts
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
  const { lines, taxes } = paidLines(parts)
  return {
    label: receiptLabel(run.till.code, run.seriesNumber ?? 0),
    issued_at: run.at,
    time_zone: facility.time_zone,
    locale: facility.locale,
    currency: facility.currency,
    seller: {
      name: facility.legal_name,
      facility: facility.name,
      address: facility.address,
      phone: facility.phone,
      registration_label: facility.registration_label,
      registration_number: facility.registration_number,
    },
    buyer: family.name,
    lines,
    taxes,
    total: args.amount,
    method: methodName,
    reference: args.reference,
    tendered: args.tendered,
    change: args.tendered === null ? null : args.tendered - args.amount,
    served_by: `${cashier.first_name} ${cashier.last_name}`,
  }
}

/** The lines that the payment covers, invoice by invoice in order, and the tax inside the covered parts. */
const paidLines = ({ args, invoices }: Parts): Pick<ReceiptContent, 'lines' | 'taxes'> => {
  const lines: ReceiptContent['lines'] = []
  const taxes = new Map<string, number>()
  for (const allocation of args.allocations) {
    const invoice = invoices.find((candidate) => candidate.invoice_id === allocation.invoice_id)
    let left = allocation.amount
    // Earlier payments covered the first lines.
    let covered = allocation.already_paid
    for (const line of invoice?.lines ?? []) {
      const before = Math.min(covered, Math.max(0, line.total))
      covered = Math.max(0, covered - line.total)
      const paid = Math.max(0, Math.min(left, line.total - before))
      if (paid === 0) continue
      left -= paid
      lines.push({ description: line.description, invoice: invoice?.number ?? null, total: line.total, paid })
      if (line.tax_name !== null) {
        taxes.set(line.tax_name, (taxes.get(line.tax_name) ?? 0) + taxOfPart(line, before, paid))
      }
    }
  }
  const onAccount = args.amount - lines.reduce((sum, line) => sum + line.paid, 0)
  if (onAccount > 0) lines.push({ description: 'Credit on account', invoice: null, total: onAccount, paid: onAccount })
  return { lines, taxes: [...taxes].map(([name, amount]) => ({ name, amount })) }
}

/** The tax in what is paid now, so that all receipts of a line together show its tax to the cent, however it was split. */
const taxOfPart = ({ total, tax_amount }: InvoiceOwed['lines'][number], before: number, paid: number): number =>
  taxWithin(before + paid, total, tax_amount) - taxWithin(before, total, tax_amount)
