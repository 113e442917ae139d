import { parsePhoneNumber } from 'libphonenumber-js'
import { addDays } from '../../src-shared/time.ts'
import type { Draft, RowOf, Site } from './draft.ts'
import { type Culture, cultures, type NamedFamily, unusualFamilies } from './names.ts'
import type { Random } from './random.ts'
import { storyOf } from './story.ts'

/** A child with the family that brings it, and the sites where that family is known. */
export interface Child {
  readonly student: RowOf<'students'>
  readonly familyId: string
  readonly age: number
  readonly sites: readonly Site[]
  /** Kept out of chance: the story of the demo books it. */
  readonly isInStory: boolean
}

interface Plan {
  readonly surname: string
  readonly children: NamedFamily['children']
  readonly adults: readonly string[]
  readonly sites: readonly Site[]
  readonly isInStory: boolean
}

/** How many children the families have, in turn: two on average. */
export const familySizes = [2, 1, 3, 2, 1, 2, 4, 2, 1, 3]
const familyCount = 80
const secondHouseholds = 4

/** Families with their adults and children, linked to one site or, a few, to both. */
export const draftPeople = (draft: Draft, sites: readonly Site[], organizationId: string): readonly Child[] => {
  const plans = [...storyPlans(sites), ...unusualPlans(sites)]
  const surnames = everySurname(draft)
  while (plans.length < familyCount)
    plans.push(inventedPlan(draft, { sites, surname: surnames.next, index: plans.length }))
  const children = plans.flatMap((plan) => draftFamily(draft, plan, organizationId))
  draftSecondHouseholds(draft, children, surnames.next)
  draftHealth(draft, children)
  return children
}

const storyPlans = (sites: readonly Site[]): readonly Plan[] =>
  sites.map((site) => {
    const story = storyOf(site.facility.code)
    const ages = [8, 10, 6]
    const children = story.children.map((name, index) => ({ name, age: ages[index] ?? 8 }))
    return { surname: story.family, children, adults: ['Kate', 'Daniel'], sites: [site], isInStory: true }
  })

const unusualPlans = (sites: readonly Site[]): readonly Plan[] =>
  unusualFamilies.map((family, index) => ({ ...family, sites: sitesOf(sites, index), isInStory: false }))

/** Most families know one site, every twentieth both. */
const sitesOf = (sites: readonly Site[], index: number): readonly Site[] => {
  const [first, second] = sites
  if (!first || !second || index % 20 === 7) return sites
  return index % 5 < 3 ? [first] : [second]
}

const everySurname = ({ random }: Draft): { readonly next: () => readonly [string, Culture] } => {
  const left = random.shuffle(
    cultures.flatMap((culture) => culture.surnames.map((surname) => [surname, culture] as const)),
  )
  return {
    next: () => {
      const taken = left.pop()
      if (!taken) throw new Error('There are more families than family names.')
      return taken
    },
  }
}

const inventedPlan = (
  { random }: Draft,
  given: {
    readonly sites: readonly Site[]
    readonly surname: () => readonly [string, Culture]
    readonly index: number
  },
): Plan => {
  const [surname, culture] = given.surname()
  const size = familySizes[given.index % familySizes.length] ?? 2
  const names = random.shuffle([...culture.girls, ...culture.boys]).slice(0, size)
  // Most children are of school age; siblings are some years apart.
  const oldest = random.chance(80) ? random.int(6, 12) : random.int(2, 16)
  const children = names.map((name, index) => ({ name, age: Math.max(1, oldest - index * random.int(1, 3)) }))
  const [woman, man] = [random.pick(culture.women), random.pick(culture.men)]
  const adults = random.chance(70) ? [woman, man] : [random.chance(75) ? woman : man]
  return { surname, children, adults, sites: sitesOf(given.sites, given.index), isInStory: false }
}

const draftFamily = (draft: Draft, plan: Plan, organizationId: string): readonly Child[] => {
  const { random, rows } = draft
  const familyId = random.id()
  rows.families.push({
    id: familyId,
    organization_id: organizationId,
    name: plan.surname,
    card_code: `40${String(rows.families.length + 1).padStart(6, '0')}`,
    note: random.chance(12) ? random.pick(familyNotes) : null,
    archived_at: null,
  })
  for (const { facility } of plan.sites) {
    rows.family_facilities.push({ id: random.id(), family_id: familyId, facility_id: facility.id })
  }
  plan.adults.forEach((name, index) =>
    draftGuardian(draft, { familyId, name, surname: plan.surname, priority: index + 1 }),
  )
  return plan.children.map((child) => {
    const student = draftStudent(draft, { ...child, surname: plan.surname }, organizationId)
    rows.family_students.push({ id: random.id(), family_id: familyId, student_id: student.id })
    return { student, familyId, age: child.age, sites: plan.sites, isInStory: plan.isInStory }
  })
}

const familyNotes = [
  'Prefers to be called after 5 pm.',
  'Grandmother often brings the children on Saturdays.',
  'Asked for an invoice with the employer as a second line.',
  'Parks at the back gate: needs the ramp.',
]

/** Who is a father, not a mother. */
const men: ReadonlySet<string> = new Set([
  ...cultures.flatMap((culture) => culture.men),
  'Friedrich',
  'Liam',
  'محمد',
  'Seán',
  'Pieter',
])

interface NewGuardian {
  readonly familyId: string
  readonly name: string
  readonly surname: string
  readonly priority: number
}

const draftGuardian = ({ random, rows }: Draft, guardian: NewGuardian): void => {
  rows.guardians.push(guardianRow(random, guardian))
}

/** An adult who can be reached, mostly. */
export const guardianRow = (random: Random, { familyId, name, surname, priority }: NewGuardian): RowOf<'guardians'> => {
  // Within the block that Australia keeps for fiction, give or take; nobody is ever called.
  const phone = parsePhoneNumber(`+6149157${String(random.int(0, 9999)).padStart(4, '0')}`)
  const mailbox = emailName(name, surname) || `guardian${random.int(1, 9999)}`
  return {
    id: random.id(),
    family_id: familyId,
    first_name: name,
    last_name: surname,
    relationship: random.pick(
      men.has(name)
        ? ['Father', 'Father', priority === 1 ? 'Guardian' : 'Stepfather', 'Father']
        : ['Mother', 'Mother', priority === 1 ? 'Guardian' : 'Grandmother', 'Mother'],
    ),
    phone: phone.formatNational(),
    phone_e164: phone.number,
    email: random.chance(92) ? `${mailbox}@example.com` : null,
    priority,
  }
}

/** Latin letters without their marks; nothing for a name in another script. */
const emailName = (...names: readonly string[]): string =>
  names
    .map((name) =>
      name
        .normalize('NFD')
        .toLowerCase()
        .replaceAll('đ', 'd')
        .replaceAll('ø', 'o')
        .replaceAll('ł', 'l')
        .replaceAll(/[^a-z]/g, ''),
    )
    .filter((name) => name !== '')
    .join('.')

interface NewStudent {
  readonly name: string
  readonly surname: string
  readonly age: number
  readonly preferred?: string
}

const draftStudent = ({ now, random, rows }: Draft, child: NewStudent, organizationId: string): RowOf<'students'> => {
  const birthYear = Number(now.slice(0, 4)) - child.age
  // Had its birthday this year, so that the age holds.
  const birthday = addDays(
    `${birthYear}${now.slice(4, 10) === '-02-29' ? '-02-28' : now.slice(4, 10)}`,
    -random.int(1, 360),
  )
  const student: RowOf<'students'> = {
    id: random.id(),
    organization_id: organizationId,
    first_name: child.name,
    last_name: child.surname,
    preferred_name: child.preferred ?? (random.chance(8) ? child.name.slice(0, 3) : null),
    birth_date: birthday,
    card_code: random.chance(70) ? `70${String(rows.students.length + 1).padStart(6, '0')}` : null,
    status: 'active',
    archived_at: null,
  }
  rows.students.push(student)
  return student
}

/** Some children live with both parents in turn: a second family brings them too (U03). */
const draftSecondHouseholds = (
  draft: Draft,
  children: readonly Child[],
  surname: () => readonly [string, Culture],
): void => {
  const { random, rows } = draft
  const chosen = random
    .shuffle(children.filter((child) => !child.isInStory && child.age > 4))
    .slice(0, secondHouseholds)
  for (const { student, sites } of chosen) {
    const [name, culture] = surname()
    const familyId = random.id()
    rows.families.push({
      id: familyId,
      organization_id: student.organization_id,
      name,
      card_code: `40${String(rows.families.length + 1).padStart(6, '0')}`,
      note: `${student.first_name} lives here every other week.`,
      archived_at: null,
    })
    for (const { facility } of sites) {
      rows.family_facilities.push({ id: random.id(), family_id: familyId, facility_id: facility.id })
    }
    draftGuardian(draft, { familyId, name: random.pick(culture.men), surname: name, priority: 1 })
    rows.family_students.push({ id: random.id(), family_id: familyId, student_id: student.id })
  }
}

type HealthFacts = Pick<RowOf<'health_items'>, 'kind' | 'severity' | 'name' | 'action'>

const peanuts: HealthFacts = {
  kind: 'allergy',
  severity: 'life_threatening',
  name: 'Peanuts',
  action: 'EpiPen in the red bag, then call 000 and the mother.',
}
export const healthFacts: readonly HealthFacts[] = [
  {
    kind: 'condition',
    severity: 'serious',
    name: 'Asthma',
    action: 'Blue puffer before sport, four puffs when short of breath.',
  },
  {
    kind: 'allergy',
    severity: 'serious',
    name: 'Bee stings',
    action: 'Antihistamine at once; call if swelling spreads.',
  },
  {
    kind: 'condition',
    severity: 'serious',
    name: 'Epilepsy',
    action: 'Out of the water at once, time the seizure, call 000 after 5 minutes.',
  },
  { kind: 'condition', severity: 'info', name: 'Hearing aid, left', action: 'Taken out in the pool: use hand signs.' },
  { kind: 'medication', severity: 'info', name: 'Ritalin, taken at home', action: null },
  { kind: 'diet', severity: 'info', name: 'No pork, no gelatine', action: null },
  { kind: 'allergy', severity: 'serious', name: 'Chlorine sensitivity', action: 'Shower straight after the lesson.' },
  {
    kind: 'condition',
    severity: 'serious',
    name: 'Type 1 diabetes',
    action: 'Juice in the bag; check sugar before the lesson.',
  },
  peanuts,
]

/** About every sixth child, and the first child of each story, has something to know about. */
const draftHealth = ({ random, rows }: Draft, children: readonly Child[]): void => {
  const add = (child: Child, facts: HealthFacts) =>
    rows.health_items.push({ id: random.id(), student_id: child.student.id, ...facts })
  children.forEach((child, index) => {
    const isFirstOfStory = child.isInStory && children[index - 1]?.familyId !== child.familyId
    if (isFirstOfStory) add(child, peanuts)
    else if (random.chance(16)) add(child, random.pick(healthFacts))
  })
}
