import type { Row } from '../schema/table.ts'
import type { facilities } from '../schema/tables/facilities.ts'
import type { InvoiceOwed } from './invoices.ts'
import { taxWithin } from './money.ts'
import type { ReceiptContent } from './receipt.ts'

/** What the person at the counter entered and saw. */
export interface PaymentEntered {
  readonly amount: number
  readonly tendered: number | null
  readonly reference: string | null
  readonly allocations: readonly {
    readonly invoice_id: string
    readonly amount: number
    readonly already_paid: number
  }[]
}

export interface PaymentFacts {
  readonly entered: PaymentEntered
  /** Of the receipt. */
  readonly label: string
  /** Instant. */
  readonly at: string
  readonly facility: Row<typeof facilities>
  readonly familyName: string
  readonly methodName: string
  readonly cashier: { readonly first_name: string; readonly last_name: string }
  readonly invoices: readonly Pick<InvoiceOwed, 'invoice_id' | 'number' | 'lines'>[]
}

/** What stands on the receipt of a payment. */
export const receiptOfPayment = (facts: PaymentFacts): ReceiptContent => {
  const { entered, facility, cashier } = facts
  return {
    label: facts.label,
    issued_at: facts.at,
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
    buyer: facts.familyName,
    ...paidLines(facts),
    total: entered.amount,
    method: facts.methodName,
    reference: entered.reference,
    tendered: entered.tendered,
    change: entered.tendered === null ? null : entered.tendered - entered.amount,
    served_by: `${cashier.first_name} ${cashier.last_name}`,
  }
}

/** The lines that the payment covers, invoice by invoice in order, and the tax inside the covered parts. */
const paidLines = ({ entered, invoices }: PaymentFacts): Pick<ReceiptContent, 'lines' | 'taxes'> => {
  const lines: ReceiptContent['lines'] = []
  const taxes = new Map<string, number>()
  for (const allocation of entered.allocations) {
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
  const onAccount = entered.amount - lines.reduce((sum, line) => sum + line.paid, 0)
  if (onAccount > 0) lines.push({ description: 'Credit on account', invoice: null, total: onAccount, paid: onAccount })
  return { lines, taxes: [...taxes].map(([name, amount]) => ({ name, amount })) }
}

/** The tax in what is paid now, so that all receipts of a line together show its tax to the cent, however it was split. */
const taxOfPart = ({ total, tax_amount }: InvoiceOwed['lines'][number], before: number, paid: number): number =>
  taxWithin(before + paid, total, tax_amount) - taxWithin(before, total, tax_amount)
