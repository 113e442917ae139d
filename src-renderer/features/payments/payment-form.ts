import { formatMoney, minorDigits, parseMoney } from '../../../src-shared/money.ts'
import type { DueInvoice, PaymentMethod, PaymentsDue } from '../../../src-shared/queries/payments.ts'
import { allocateOldestFirst } from '../../../src-shared/rules/money.ts'
import type { PaymentDraft } from './payment-draft.ts'

/** One invoice with the part of the payment that goes to it. */
export interface AllocatedInvoice extends DueInvoice {
  readonly pays: number
}

/** A payment as it stands on the screen: what was typed, understood. Amounts in minor units. */
export interface PaymentForm {
  readonly due: number
  readonly amountText: string
  readonly amount: number | undefined
  readonly invoices: readonly AllocatedInvoice[]
  /** What goes to no invoice and stays as credit. */
  readonly credit: number
  readonly method: PaymentMethod | undefined
  readonly tenderedText: string
  readonly tendered: number | undefined
  /** What goes back; negative while it is too little, undefined when there is nothing to say. */
  readonly change: number | undefined
  readonly reference: string
  /** Why it cannot be taken yet, and in which field; undefined when it can. */
  readonly problem: FormProblem | undefined
}

export interface FormProblem {
  readonly field: 'amount' | 'method' | 'tendered' | 'reference'
  readonly text: string
}

/** `64.00`: an amount as a person types it. */
export const plainAmount = (amount: number, currency: string): string => {
  const digits = minorDigits(currency)
  return (amount / 10 ** digits).toFixed(digits)
}

/** More than any family pays at a counter: ten million of the major unit. */
const maxAmount = 1_000_000_000

export const formOf = (data: PaymentsDue, draft: PaymentDraft, locale: string): PaymentForm => {
  const { currency } = data.balance
  const due = Math.max(0, data.balance.amount)
  const amountText = draft.amount ?? (due > 0 ? plainAmount(due, currency) : '')
  const amount = parseMoney(amountText, currency)
  const parts = new Map(allocateOldestFirst(amount ?? 0, data.invoices).map((part) => [part.invoice_id, part.amount]))
  const invoices = data.invoices.map((invoice) => ({ ...invoice, pays: parts.get(invoice.invoice_id) ?? 0 }))
  const method = data.methods.find(({ id }) => id === draft.methodId)
  const tenderedText = draft.tendered ?? (amount === undefined ? '' : plainAmount(amount, currency))
  const tendered = parseMoney(tenderedText, currency)
  const form = {
    due,
    amountText,
    amount,
    invoices,
    credit: Math.max(0, (amount ?? 0) - invoices.reduce((sum, { pays }) => sum + pays, 0)),
    method,
    tenderedText,
    tendered,
    change: amount === undefined || tendered === undefined ? undefined : tendered - amount,
    reference: draft.reference,
  }
  return { ...form, problem: problemOf(form, (money) => formatMoney(money, currency, locale)) }
}

const problemOf = (
  { amount, amountText, method, tendered, reference }: Omit<PaymentForm, 'problem'>,
  inWords: (money: number) => string,
): FormProblem | undefined => {
  if (amountText.trim() === '') return { field: 'amount', text: 'Type the amount that is paid.' }
  if (amount === undefined) return { field: 'amount', text: 'This is not an amount. Type it like 64 or 64.50.' }
  if (amount === 0) return { field: 'amount', text: 'Type an amount that is more than zero.' }
  if (amount > maxAmount) return { field: 'amount', text: 'This is more than one payment can be.' }
  if (!method) return { field: 'method', text: 'Choose how it is paid.' }
  if (method.kind === 'cash') {
    if (tendered === undefined) {
      return { field: 'tendered', text: 'This is not an amount. Type what was handed over, like 50.' }
    }
    if (tendered > maxAmount) return { field: 'tendered', text: 'This is more cash than one payment can be.' }
    if (tendered < amount) return { field: 'tendered', text: `${inWords(amount - tendered)} is still to come.` }
  }
  if (method.reference_label !== null && reference.trim() === '') {
    return { field: 'reference', text: `Type the ${method.reference_label.toLowerCase()}.` }
  }
  return undefined
}

/** Notes of the currencies that are used with our academies, in major units; good enough for most others. */
const notes = [5, 10, 20, 50, 100, 200, 500]

/** Round sums that a person hands over for an amount: `64.00` → 65, 70, 80, 100. */
export const quickTendered = (amount: number, currency: string): readonly number[] => {
  const major = 10 ** minorDigits(currency)
  const sums = notes.map((note) => Math.ceil(amount / (note * major)) * note * major)
  return [...new Set(sums.filter((sum) => sum > amount))].toSorted((a, b) => a - b).slice(0, 4)
}

/** Whether the key picks a method; letters cannot be part of an amount, so they do so in its field too. */
export const methodOfKey = (methods: readonly PaymentMethod[], key: string): PaymentMethod | undefined =>
  methods.find(({ hotkey }) => hotkey.toLowerCase() === key.toLowerCase())
