import { addDays } from '../../src-shared/time.ts'
import { type AcademyRows, type Draft, noRows, type Site } from './draft.ts'
import type { RowBatch } from './insert.ts'
import { type Culture, cultures } from './names.ts'
import { familySizes, guardianRow, healthFacts } from './people.ts'

export interface Big {
  readonly draft: Draft
  readonly site: Site
}

/** A student and its family, in the order of the families: all that is kept of the people in memory. */
export interface Enrolled {
  readonly studentId: string
  readonly familyId: string
}

const familiesPerBatch = 1000
const tables = [
  'families',
  'family_facilities',
  'guardians',
  'students',
  'family_students',
  'health_items',
  'invoices',
  'invoice_lines',
] as const satisfies readonly (keyof AcademyRows)[]

interface FamilyNumber {
  readonly number: number
  readonly peopleLeft: number
}

/** Families with their bills until there are as many people, adults included. */
export function* generatePeople(big: Big, people: number): Generator<RowBatch, readonly Enrolled[]> {
  const enrolled: Enrolled[] = []
  let number = 0
  let peopleLeft = people
  while (peopleLeft > 0) {
    const rows = noRows()
    while (peopleLeft > 0 && rows.families.length < familiesPerBatch) {
      number += 1
      peopleLeft -= addFamily(big, rows, { number, peopleLeft })
    }
    enrolled.push(...rows.family_students.map((link) => ({ studentId: link.student_id, familyId: link.family_id })))
    for (const table of tables) yield { table, rows: rows[table] }
  }
  return enrolled
}

/** Adds one family and says of how many people it is. */
const addFamily = (big: Big, rows: AcademyRows, { number, peopleLeft }: FamilyNumber): number => {
  const { random } = big.draft
  const culture = random.pick(cultures)
  const surname = surnameOf(big, culture)
  const familyId = random.id()
  rows.families.push({
    id: familyId,
    organization_id: big.site.facility.organization_id,
    name: surname,
    card_code: `41${String(number).padStart(8, '0')}`,
    note: null,
    archived_at: null,
  })
  rows.family_facilities.push({ id: random.id(), family_id: familyId, facility_id: big.site.facility.id })
  const adults = Math.min(peopleLeft, random.chance(60) ? 2 : 1)
  for (let priority = 1; priority <= adults; priority += 1) {
    const name = random.pick(priority === 1 ? culture.women : culture.men)
    rows.guardians.push(guardianRow(random, { familyId, name, surname, priority }))
  }
  const children = Math.min(peopleLeft - adults, familySizes[number % familySizes.length] ?? 2)
  for (let index = 0; index < children; index += 1) addChild(big, rows, { familyId, surname, culture })
  if (children > 0) addInvoice(big, rows, { familyId, number })
  return adults + children
}

/** Some double names, or fifty thousand people would share ninety. */
const surnameOf = ({ draft: { random } }: Big, culture: Culture): string => {
  const first = random.pick(culture.surnames)
  return random.chance(40) ? `${first}-${random.pick(random.pick(cultures).surnames)}` : first
}

interface NewChild {
  readonly familyId: string
  readonly surname: string
  readonly culture: Culture
}

const addChild = (
  { draft: { random }, site }: Big,
  rows: AcademyRows,
  { familyId, surname, culture }: NewChild,
): void => {
  const id = random.id()
  rows.students.push({
    id,
    organization_id: site.facility.organization_id,
    first_name: random.pick(random.chance(50) ? culture.girls : culture.boys),
    last_name: surname,
    preferred_name: null,
    birth_date: addDays(site.today, -random.int(400, 6000)),
    card_code: null,
    status: 'active',
    archived_at: null,
  })
  rows.family_students.push({ id: random.id(), family_id: familyId, student_id: id })
  if (random.chance(10)) rows.health_items.push({ id: random.id(), student_id: id, ...random.pick(healthFacts) })
}

const addInvoice = (
  { draft: { random }, site }: Big,
  rows: AcademyRows,
  { familyId, number }: { readonly familyId: string; readonly number: number },
): void => {
  const invoiceId = random.id()
  const issuedOn = addDays(site.today, -random.int(1, 60))
  rows.invoices.push({
    id: invoiceId,
    family_id: familyId,
    facility_id: site.facility.id,
    number: `INV-${issuedOn.slice(0, 4)}-${String(number).padStart(6, '0')}`,
    status: 'sent',
    currency: site.facility.currency,
    issued_on: issuedOn,
    due_on: addDays(issuedOn, 14),
  })
  rows.invoice_lines.push({
    id: random.id(),
    family_id: familyId,
    invoice_id: invoiceId,
    student_id: null,
    enrollment_id: null,
    description: 'Lessons of the month',
    quantity: 4,
    unit_amount: 2200,
    total: 8800,
    tax_name: 'GST 10%',
    tax_amount: 800,
  })
}
