import {
  digitsOf,
  formsOfCard,
  formsOfEmail,
  formsOfName,
  phoneTail,
  type SearchableFamily,
  type SearchableGuardian,
  type SearchableStudent,
  type TypedWord,
} from './search-terms.ts'

/** Why a family is in the results. `text` is the thing that was matched, as people write it. */
export interface FoundBy {
  readonly kind: 'name' | 'guardian' | 'card' | 'phone' | 'email'
  readonly text: string
}

export interface SearchMatch {
  /** What the person at the counter cannot see from the family's and children's names alone wins. */
  readonly found_by: FoundBy
  /** 0 for surnames and first names of the family and its children, 1 for other ways to be found. */
  readonly tier: number
  /** A whole word was typed, not only its start. */
  readonly is_exact: boolean
}

export interface Typed {
  readonly words: readonly TypedWord[]
  /** The digits, when the text looks like a whole phone number. */
  readonly phone: string | undefined
}

interface Candidate {
  readonly family: SearchableFamily
  readonly guardians: readonly SearchableGuardian[]
  readonly students: readonly SearchableStudent[]
}

const startsOne = (forms: readonly string[], part: string): boolean => forms.some((form) => form.startsWith(part))

const matches = (forms: readonly string[], { parts, joined }: TypedWord): boolean =>
  startsOne(forms, joined) || (parts.length > 1 && parts.every((part) => startsOne(forms, part)))

const fullName = (person: { readonly first_name: string; readonly last_name: string }): string =>
  `${person.first_name} ${person.last_name}`

interface Way extends FoundBy {
  readonly forms: readonly string[]
}

/** Every way to find a family, the most visible first. */
const waysOf = ({ family, guardians, students }: Candidate): readonly Way[] => [
  { kind: 'name', text: family.name, forms: formsOfName(family.name) },
  ...students.map((student): Way => ({
    kind: 'name',
    text: fullName(student),
    forms: [
      ...formsOfName(student.last_name),
      ...formsOfName(student.first_name),
      ...formsOfName(student.preferred_name ?? ''),
    ],
  })),
  ...guardians.map((guardian): Way => ({
    kind: 'guardian',
    text: fullName(guardian),
    forms: [...formsOfName(guardian.last_name), ...formsOfName(guardian.first_name)],
  })),
  ...[family, ...students].flatMap(({ card_code }): Way[] =>
    card_code === null ? [] : [{ kind: 'card', text: card_code, forms: formsOfCard(card_code) }],
  ),
  ...guardians.flatMap((guardian): Way[] => {
    const tail = phoneTail(guardian)
    return tail === undefined ? [] : [{ kind: 'phone', text: guardian.phone ?? tail, forms: [tail] }]
  }),
  ...guardians.flatMap(({ email }): Way[] =>
    email === null ? [] : [{ kind: 'email', text: email, forms: formsOfEmail(email) }],
  ),
]

const ownsPhone = (guardian: SearchableGuardian, typed: string): boolean => {
  const digits = digitsOf(guardian.phone_e164 ?? guardian.phone ?? '')
  return digits.endsWith(typed.replace(/^0+/, ''))
}

/**
 * How a family that the full-text index found fits what was typed; undefined when it does not (the index knows only the
 * last four digits of a phone).
 */
export const matchFamily = ({ words, phone }: Typed, candidate: Candidate): SearchMatch | undefined => {
  const caller = phone === undefined ? undefined : candidate.guardians.find((guardian) => ownsPhone(guardian, phone))
  if (caller) return { found_by: { kind: 'phone', text: caller.phone ?? '' }, tier: 0, is_exact: true }

  const ways = waysOf(candidate)
  const found = words.map((word) => ways.find((way) => matches(way.forms, word)))
  const hidden = found.find((way) => way !== undefined && way.kind !== 'name')
  const shown = hidden ?? found[0]
  if (!shown || (phone !== undefined && shown.kind !== 'card')) return undefined
  return {
    found_by: { kind: shown.kind, text: shown.text },
    tier: hidden || found.includes(undefined) ? 1 : 0,
    is_exact: words.every(({ joined }) => ways.some((way) => way.forms.includes(joined))),
  }
}
