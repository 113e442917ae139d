import { receiptLabel } from '../../src-shared/rules/receipt.ts'
import { receiptOfPayment } from '../../src-shared/rules/receipt-of-payment.ts'
import { addDays, type DateText, instantOf, instantToText } from '../../src-shared/time.ts'
import type { Draft, RowOf, Site } from './draft.ts'
import type { Bill } from './invoices.ts'
import type { Child } from './people.ts'
import { storyOf } from './story.ts'

interface PlannedPayment {
  readonly site: Site
  readonly familyId: string
  readonly at: string
  readonly amount: number
  readonly parts: readonly Part[]
  readonly voided?: string
}

interface Part {
  readonly bill: Bill
  readonly amount: number
  readonly alreadyPaid: number
}

/** How families pay, in turn: most in time, some two bills at once, some too late, in part, or too much. */
type Habit = 'in_time' | 'two_at_once' | 'late' | 'in_part' | 'too_much'
const habits: readonly Habit[] = [
  'in_time',
  'in_time',
  'late',
  'in_time',
  'two_at_once',
  'in_time',
  'in_part',
  'in_time',
  'too_much',
  'in_time',
]

/** Payments of the bills up to now, their receipts numbered in the order of time, and a few that were taken back. */
export const draftPayments = (draft: Draft, bills: readonly Bill[], children: readonly Child[]): void => {
  const inStory = new Set(children.filter((child) => child.isInStory).map(({ familyId }) => familyId))
  const standing = bills.filter(({ invoice }) => invoice.status === 'sent')
  const byFamily = [
    ...Map.groupBy(standing, ({ invoice, site }) => `${invoice.family_id} ${site.facility.id}`).values(),
  ]
  const planned = byFamily.flatMap((own, index) => {
    const [first] = own
    if (first && inStory.has(first.invoice.family_id)) return payLikeTheStory(draft, own)
    return payByHabit(draft, own, index)
  })
  const due = planned.filter(({ at }) => at <= draft.now).toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const numbers = new Map<string, number>()
  for (const payment of due) {
    const number = (numbers.get(payment.site.till.id) ?? 0) + 1
    numbers.set(payment.site.till.id, number)
    draftPayment(draft, payment, number)
  }
}

const openHours = (draft: Draft, site: Site, date: DateText): string => {
  const time = `${String(draft.random.int(9, 18)).padStart(2, '0')}:${String(draft.random.int(0, 59)).padStart(2, '0')}`
  return instantOf(date, time, site.facility.time_zone)
}

/** What is left open of a bill is planned to be paid; what lies in the future is not paid yet. */
const payOff = (
  draft: Draft,
  bills: readonly Bill[],
  given: { readonly date: DateText; readonly more?: number },
): PlannedPayment => {
  const [first] = bills
  if (!first) throw new Error('There is nothing to pay.')
  const parts = bills.map((bill) => ({ bill, amount: bill.total - bill.paid, alreadyPaid: bill.paid }))
  const at = openHours(draft, first.site, given.date)
  if (at <= draft.now) for (const bill of bills) bill.paid = bill.total
  const amount = parts.reduce((sum, part) => sum + part.amount, 0) + (given.more ?? 0)
  return { site: first.site, familyId: first.invoice.family_id, at, amount, parts }
}

const payPart = (
  draft: Draft,
  bill: Bill,
  given: { readonly date: DateText; readonly amount: number },
): PlannedPayment => {
  const parts = [{ bill, amount: given.amount, alreadyPaid: bill.paid }]
  const at = openHours(draft, bill.site, given.date)
  if (at <= draft.now) bill.paid += given.amount
  return { site: bill.site, familyId: bill.invoice.family_id, at, amount: given.amount, parts }
}

/** Everything but the clinic, which no enrollment stands for, was paid in time. */
const payLikeTheStory = (draft: Draft, bills: readonly Bill[]): readonly PlannedPayment[] =>
  bills.map((bill) =>
    bill.lines.every(({ enrollment_id }) => enrollment_id === null)
      ? payPart(draft, bill, {
          date: addDays(bill.invoice.issued_on, 6),
          amount: bill.total - storyOf(bill.site.facility.code).owes,
        })
      : payOff(draft, [bill], { date: addDays(bill.invoice.issued_on, 4) }),
  )

const payByHabit = (draft: Draft, bills: readonly Bill[], index: number): readonly PlannedPayment[] => {
  const soonAfter = ({ invoice }: Bill): DateText => addDays(invoice.issued_on, draft.random.int(1, 13))
  const each = (some: readonly Bill[]) => some.map((bill) => payOff(draft, [bill], { date: soonAfter(bill) }))
  const [first, second, ...others] = bills
  const last = bills.at(-1)
  const waysToPay: Readonly<Record<Habit, () => readonly PlannedPayment[]>> = {
    in_time: () => (index % 20 === 3 ? takenBackOnce(each(bills)) : each(bills)),
    late: () => each(bills.slice(0, -2)),
    in_part: () => [
      ...each(bills.slice(0, -1)),
      ...(last
        ? [payPart(draft, last, { date: last.invoice.issued_on, amount: Math.floor(last.total / 200) * 100 })]
        : []),
    ],
    too_much: () =>
      first ? [payOff(draft, [first], { date: soonAfter(first), more: 5000 }), ...each(bills.slice(1))] : [],
    two_at_once: () =>
      first && second ? [payOff(draft, [first, second], { date: soonAfter(second) }), ...each(others)] : each(bills),
  }
  return waysToPay[habits[index % habits.length] ?? 'in_time']()
}

/** The first payment was entered for the wrong way to pay, taken back, and entered again five minutes later. */
const takenBackOnce = ([first, ...others]: readonly PlannedPayment[]): readonly PlannedPayment[] => {
  if (!first) return []
  const earlier = instantToText(Date.parse(first.at) - 5 * 60_000)
  return [{ ...first, at: earlier, voided: 'Entered as the wrong way to pay.' }, first, ...others]
}

const draftPayment = (draft: Draft, planned: PlannedPayment, number: number): void => {
  const { random, rows } = draft
  const { site, familyId, at, amount } = planned
  const method = random.pick(rows.payment_methods.slice(0, 3))
  const cashier = random.pick(site.desk)
  const payment: RowOf<'payments'> = {
    id: random.id(),
    family_id: familyId,
    facility_id: site.facility.id,
    till_id: site.till.id,
    method_id: method.id,
    currency: site.facility.currency,
    amount,
    // The next full 10.00, or a 50.00 note more.
    tendered: method.kind === 'cash' ? Math.ceil(amount / 1000) * 1000 + (random.chance(20) ? 5000 : 0) : null,
    reference: method.reference_label === null ? null : String(random.int(100_000, 999_999)),
    at,
    staff_id: cashier.id,
    device_id: site.device.id,
  }
  rows.payments.push(payment)
  rows.payment_allocations.push(
    ...planned.parts.map((part) => ({
      id: random.id(),
      family_id: familyId,
      payment_id: payment.id,
      invoice_id: part.bill.invoice.id,
      amount: part.amount,
    })),
  )
  if (planned.voided !== undefined) {
    rows.payment_voids.push({
      id: random.id(),
      family_id: familyId,
      payment_id: payment.id,
      reason: planned.voided,
      at: instantToText(Date.parse(at) + 4 * 60_000),
      staff_id: random.pick(site.managers).id,
      device_id: site.device.id,
    })
  }
  draftReceipt(draft, planned, { payment, methodName: method.name, cashier, number })
}

interface Numbered {
  readonly payment: RowOf<'payments'>
  readonly methodName: string
  readonly cashier: RowOf<'staff'>
  readonly number: number
}

const draftReceipt = ({ random, rows }: Draft, planned: PlannedPayment, numbered: Numbered): void => {
  const { site, familyId, at, parts } = planned
  const { payment, methodName, cashier, number } = numbered
  const content = receiptOfPayment({
    entered: { ...payment, allocations: parts.map(allocationOf) },
    label: receiptLabel(site.till.code, number),
    at,
    facility: site.facility,
    familyName: rows.families.find(({ id }) => id === familyId)?.name ?? '',
    methodName,
    cashier,
    invoices: parts.map(({ bill: { invoice, lines } }) => ({
      invoice_id: invoice.id,
      number: invoice.number,
      lines,
    })),
  })
  rows.receipts.push({
    id: random.id(),
    family_id: familyId,
    payment_id: payment.id,
    till_id: site.till.id,
    number,
    label: content.label,
    issued_at: at,
    content: JSON.stringify(content),
  })
}

const allocationOf = ({ bill, amount, alreadyPaid }: Part) => ({
  invoice_id: bill.invoice.id,
  amount,
  already_paid: alreadyPaid,
})
