/** What of a family can be found by typing at the counter (J1). Rows of the replica fit as they are. */
export interface SearchableFamily {
  readonly name: string
  readonly card_code: string | null
}

export interface SearchableGuardian {
  readonly first_name: string
  readonly last_name: string
  readonly phone: string | null
  readonly phone_e164: string | null
  readonly email: string | null
}

export interface SearchableStudent {
  readonly first_name: string
  readonly last_name: string
  readonly preferred_name: string | null
  readonly card_code: string | null
}

/** Letters that Unicode does not take apart, as people without that key on their keyboard type them. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ς: 'σ',
}

/** The other way to write a letter: Müller as Mueller, Sørensen as Soerensen. */
const spelledOut: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' }

const replaceLetters = (text: string, letters: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\p{L}/gu, (letter) => letters[letter] ?? letter)

/**
 * Lower case, without accents, full-width and compatibility forms made plain. What is typed and what is indexed go
 * through the same folding, so that both end as the same text in any script.
 */
export const fold = (text: string): string =>
  isAscii.test(text)
    ? text.toLowerCase()
    : replaceLetters(text.normalize('NFKD').toLowerCase().normalize('NFKD').replaceAll(/\p{M}/gu, ''), plainLetters)

const isAscii = /^[ -~]*$/

/** The runs of letters and digits of one folded word: `o'brien` → o, brien. */
export const partsOf = (folded: string): readonly string[] =>
  folded.split(/[^\p{L}\p{N}]+/u).filter((part) => part !== '')

/** The parts of a word and the word without its apostrophes, hyphens and dots. */
const formsOf = (word: string): readonly string[] => {
  const parts = partsOf(fold(word))
  return parts.length > 1 ? [...parts, parts.join('')] : parts
}

const wordsOf = (text: string): readonly string[] => text.split(/\s+/u).filter((word) => word !== '')

export const formsOfCard = (code: string): readonly string[] => formsOf(code)

/** A name by each of its words, by all of them typed together, and spelled out. */
export const formsOfName = (name: string): readonly string[] => {
  const spelled = replaceLetters(name.normalize('NFC').toLowerCase(), spelledOut)
  const words = wordsOf(name)
  return [
    ...words.flatMap(formsOf),
    ...(words.length > 1 ? [partsOf(fold(name)).join('')] : []),
    ...(spelled === name.normalize('NFC').toLowerCase() ? [] : wordsOf(spelled).flatMap(formsOf)),
  ]
}

/** Scripts written without spaces: people type the whole name in one. */
const withoutSpaces = /\p{sc=Han}|\p{sc=Hiragana}|\p{sc=Katakana}|\p{sc=Hangul}|\p{sc=Thai}/u

const formsOfPerson = (firstName: string, lastName: string): readonly string[] => [
  ...formsOfName(lastName),
  ...formsOfName(firstName),
  ...(withoutSpaces.test(firstName + lastName)
    ? [partsOf(fold(lastName + firstName)).join(''), partsOf(fold(firstName + lastName)).join('')]
    : []),
]

export const digitsOf = (text: string): string => text.normalize('NFKD').replaceAll(/\D/g, '')

export const phoneTailOf = (digits: string): string => digits.slice(-4)

/** The last four digits of a phone; undefined when there are fewer. */
export const phoneTail = (guardian: Pick<SearchableGuardian, 'phone' | 'phone_e164'>): string | undefined => {
  const digits = digitsOf(guardian.phone_e164 ?? guardian.phone ?? '')
  return digits.length >= 4 ? phoneTailOf(digits) : undefined
}

/** An e-mail by its local part and as typed in full; the domain alone finds nobody, as half the families share it. */
export const formsOfEmail = (email: string): readonly string[] => [
  ...formsOf(email.split('@')[0] ?? ''),
  partsOf(fold(email)).join(''),
]

/**
 * The row of the full-text index for one family: every form under which it can be found, once, the family's own name
 * first (the search prefers what starts the row).
 */
export const searchTerms = (
  family: SearchableFamily,
  guardians: readonly SearchableGuardian[],
  students: readonly SearchableStudent[],
): string => {
  const forms = [
    ...formsOfName(family.name),
    ...students.flatMap((student) => [
      ...formsOfPerson(student.first_name, student.last_name),
      ...formsOfName(student.preferred_name ?? ''),
      ...formsOfCard(student.card_code ?? ''),
    ]),
    ...guardians.flatMap((guardian) => [
      ...formsOfPerson(guardian.first_name, guardian.last_name),
      ...formsOfEmail(guardian.email ?? ''),
      phoneTail(guardian) ?? '',
    ]),
    ...formsOfCard(family.card_code ?? ''),
  ]
  return [...new Set(forms)].filter((form) => form !== '').join(' ')
}

/** One word that was typed, folded: its parts, and all of them as one. */
export interface TypedWord {
  readonly parts: readonly string[]
  readonly joined: string
}

/** More words and letters than anybody types; the rest of a longer text is not looked at. */
const maxWords = 8
const maxLetters = 60

export const typedWords = (text: string): readonly TypedWord[] =>
  wordsOf(text.toWellFormed().slice(0, 400))
    .map((word) => partsOf(fold(word.slice(0, maxLetters))))
    .filter((parts) => parts.length > 0)
    .slice(0, maxWords)
    .map((parts) => ({ parts, joined: parts.join('') }))

const prefix = (part: string): string => `"${part}"*`

/** The FTS5 expression that finds rows with every typed word as a prefix. Only letters and digits get into it. */
export const searchExpression = (words: readonly TypedWord[]): string =>
  words
    .map(({ parts, joined }) =>
      parts.length > 1 ? `(${prefix(joined)} OR (${parts.map(prefix).join(' AND ')}))` : prefix(joined),
    )
    .join(' AND ')

/** The FTS5 expression that finds rows which start with the first typed word: mostly the family's surname. */
export const atStart = (words: readonly TypedWord[]): string => `^${prefix(words[0]?.parts[0] ?? '')}`

/** All digits of something that looks like a whole phone number; undefined for less than six. */
export const typedPhone = (text: string): string | undefined => {
  if (!/^\+?[\d\s()./-]+$/.test(text.trim())) return undefined
  const digits = digitsOf(text)
  return digits.length >= 6 ? digits : undefined
}
