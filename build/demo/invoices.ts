import { Temporal } from 'temporal-polyfill'
import { addDays, type DateText } from '../../src-shared/time.ts'
import type { Draft, RowOf, Site } from './draft.ts'
import type { Child } from './people.ts'
import type { SchoolClass } from './schedule.ts'
import { storyOf } from './story.ts'

/** An invoice with its lines and what has been paid of it so far. */
export interface Bill {
  readonly invoice: RowOf<'invoices'>
  readonly lines: readonly RowOf<'invoice_lines'>[]
  readonly site: Site
  readonly total: number
  paid: number
}

/** Months back that are billed, the current one among them. */
const monthsBack = [3, 2, 1, 0]
const firstNumber = 101

interface Ledger {
  readonly draft: Draft
  readonly classes: readonly SchoolClass[]
  readonly children: readonly Child[]
}

type NewLine = Omit<RowOf<'invoice_lines'>, 'id' | 'family_id' | 'invoice_id' | 'total' | 'tax_name' | 'tax_amount'>

/** A bill per family, site and month, for the lessons that were booked; and one that waits, for each story. */
export const draftInvoices = (ledger: Ledger, sites: readonly Site[]): readonly Bill[] => {
  const { draft } = ledger
  const charges = chargesByFamilyAndMonth(ledger)
  const storyFamilies = new Set(ledger.children.filter((child) => child.isInStory).map(({ familyId }) => familyId))
  const plans: BillPlan[] = sites.flatMap((site) => [
    ...monthsBack.flatMap((back) =>
      draft.rows.families.flatMap((family) => {
        const month = monthOf(site.today, back)
        const lines = charges.get(`${family.id} ${site.facility.id} ${month}`) ?? []
        // The story's families owe what the story says, and nothing else.
        const isLeftOut = lines.length === 0 || (back === 0 && storyFamilies.has(family.id))
        const issued_on = `${month}-01`
        return isLeftOut ? [] : [{ site, familyId: family.id, lines, issued_on, due_on: addDays(issued_on, 14) }]
      }),
    ),
    ...storyPlan(ledger, site),
  ])
  const inOrder = plans.toSorted((a, b) => (a.issued_on < b.issued_on ? -1 : a.issued_on > b.issued_on ? 1 : 0))
  return inOrder.map((plan) => draftBill(draft, plan))
}

interface BillPlan {
  readonly site: Site
  readonly familyId: string
  readonly lines: readonly NewLine[]
  readonly issued_on: DateText
  readonly due_on: DateText
}

const monthOf = (today: DateText, back: number): string =>
  Temporal.PlainDate.from(today).toPlainYearMonth().subtract({ months: back }).toString()

const monthName = (month: string): string =>
  new Intl.DateTimeFormat('en-AU', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${month}-01`))

/** Lines by `family facility month`: one for each enrollment, as many lessons as were booked. */
const chargesByFamilyAndMonth = ({ draft: { rows }, classes, children }: Ledger): ReadonlyMap<string, NewLine[]> => {
  const childById = new Map(children.map((child) => [child.student.id, child]))
  const dateById = new Map(rows.sessions.map((session) => [session.id, session.date]))
  const enrollmentById = new Map(rows.enrollments.map((enrollment) => [enrollment.id, enrollment]))
  const classById = new Map(classes.map((of) => [of.row.id, of]))
  const counts = new Map<string, number>()
  for (const { kind, session_id, enrollment_id } of rows.bookings) {
    if (kind !== 'regular' || enrollment_id === null) continue
    const key = `${enrollment_id} ${dateById.get(session_id)?.slice(0, 7) ?? ''}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const charges = new Map<string, NewLine[]>()
  for (const [key, quantity] of counts) {
    const [enrollmentId = '', month = ''] = key.split(' ')
    const enrollment = enrollmentById.get(enrollmentId)
    const of = classById.get(enrollment?.class_id ?? '')
    const child = childById.get(enrollment?.student_id ?? '')
    if (!enrollment || !of || !child) continue
    const line = {
      student_id: child.student.id,
      enrollment_id: enrollmentId,
      description: `${classWords(of)}, ${monthName(month)}: ${child.student.first_name}`,
      quantity,
      unit_amount: of.template.price,
    }
    const billKey = `${child.familyId} ${enrollment.facility_id} ${month}`
    charges.set(billKey, [...(charges.get(billKey) ?? []), line])
  }
  return charges
}

/** `Swimming, Dolphins 2`, but not `Football, Football Under 9`. */
const classWords = ({ row, template }: SchoolClass): string =>
  row.name.startsWith(template.program) ? row.name : `${template.program}, ${row.name}`

/** Overdue as the story says, and paid in part. */
const storyPlan = ({ children }: Ledger, site: Site): readonly BillPlan[] => {
  const own = children.filter((child) => child.isInStory && child.sites.includes(site))
  const [first] = own
  if (!first) return []
  const { overdueDays } = storyOf(site.facility.code)
  const prices = [2200, 1800, 1800]
  const programs = ['Swim', 'Basketball', 'Football']
  const lines = own.map(({ student }, index) => ({
    student_id: student.id,
    enrollment_id: null,
    description: `${programs[index] ?? 'Swim'} clinic, five mornings: ${student.first_name}`,
    quantity: 5,
    unit_amount: prices[index] ?? 0,
  }))
  const dates = { issued_on: addDays(site.today, -overdueDays - 14), due_on: addDays(site.today, -overdueDays) }
  return [{ site, familyId: first.familyId, lines, ...dates }]
}

const draftBill = ({ random, rows }: Draft, { site, familyId, lines, issued_on, due_on }: BillPlan): Bill => {
  const invoice: RowOf<'invoices'> = {
    id: random.id(),
    family_id: familyId,
    facility_id: site.facility.id,
    number: `INV-${issued_on.slice(0, 4)}-${String(firstNumber + rows.invoices.length).padStart(6, '0')}`,
    // One in sixty was written by mistake.
    status: lines.length === 1 && random.int(1, 60) === 1 ? 'void' : 'sent',
    currency: site.facility.currency,
    issued_on,
    due_on,
  }
  const own = lines.map((line) => {
    const total = line.quantity * line.unit_amount
    // GST of 10 % is an eleventh of a price that includes it.
    return {
      id: random.id(),
      family_id: familyId,
      invoice_id: invoice.id,
      ...line,
      total,
      tax_name: 'GST 10%',
      tax_amount: Math.round(total / 11),
    }
  })
  rows.invoices.push(invoice)
  rows.invoice_lines.push(...own)
  return { invoice, lines: own, site, total: own.reduce((sum, { total }) => sum + total, 0), paid: 0 }
}
