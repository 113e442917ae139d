import { type Kysely, sql, type SqlBool } from 'kysely'
import { z } from 'zod'
import { type FoundBy, matchFamily, type SearchMatch, type Typed } from '../rules/search-match.ts'
import { atStart, phoneTailOf, searchExpression, typedPhone, typedWords } from '../rules/search-terms.ts'
import { instantSchema } from '../schema/columns.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import { type FacilityClock, facilityClock, minuteOfDay } from './facility-clock.ts'
import { type FamilyHit, type FamilyRows, familyRows, sessionsToday, toFamilyHit } from './family-hits.ts'
import { defineQuery } from './query.ts'

export interface FoundFamily extends FamilyHit {
  readonly found_by: FoundBy
}

export interface SearchResult {
  /** What was asked: the window types on while the answer is on its way. */
  readonly text: string
  readonly families: readonly FoundFamily[]
}

/** The most families that a search shows. */
const maxFamilies = 20
/** Up to this many matches are all ranked; of more, only those most likely meant. */
const maxRanked = 40
/** The sessions nearest to now that decide who is due: all of a day, or about an hour of a large site. */
const nearSessions = 40
/** How far into the matches of one letter the search looks for families that are due. */
const maxScanned = 2000

/**
 * Families for what was typed at the counter: every word as the start of a name of the family, a child or a guardian, an
 * e-mail, a card code or the last four digits of a phone; or a whole phone number. Not archived before archived, found by
 * name before found otherwise, with a session today before without, whole words before starts of words.
 */
export const counterSearch = defineQuery({
  name: 'counter.search',
  args: z.strictObject({ text: z.string().max(400), now: instantSchema }),
  permission: 'families.read',

  run: async (db, { text, now }, context): Promise<SearchResult> => {
    const typed: Typed = { words: typedWords(text), phone: typedPhone(text) }
    if (typed.words.length === 0) return { text, families: [] }
    const clock = await facilityClock(db, context, now)
    const { ids, due } = await candidates(db, typed, clock)
    const rows = await familyRows(db, ids)
    const found = rows
      .flatMap((row): Ranked[] => {
        const match = matchFamily(typed, row)
        return match ? [{ row, match, isDue: due.has(row.family.id) }] : []
      })
      .toSorted(byRank)
      .slice(0, maxFamilies)
    const studentIds = found.flatMap(({ row }) => row.students.map((student) => student.id))
    const onDay = await sessionsToday(db, studentIds, clock)
    const families = found.map(({ row, match }) => ({
      ...toFamilyHit(row, onDay, clock.today),
      found_by: match.found_by,
    }))
    return { text, families }
  },
})

interface Ranked {
  readonly row: FamilyRows
  readonly match: SearchMatch
  readonly isDue: boolean
}

const names = new Intl.Collator('en', { sensitivity: 'base' })

const byRank = (a: Ranked, b: Ranked): number =>
  Number(a.row.family.archived_at !== null) - Number(b.row.family.archived_at !== null) ||
  a.match.tier - b.match.tier ||
  Number(b.isDue) - Number(a.isDue) ||
  Number(b.match.is_exact) - Number(a.match.is_exact) ||
  names.compare(a.row.family.name, b.row.family.name) ||
  (a.row.family.id < b.row.family.id ? -1 : 1)

const matchesIndex = (expression: string) => sql<SqlBool>`search_index match ${expression}`

interface Candidates {
  readonly ids: readonly string[]
  /** Those of them, and maybe others, with a session today. */
  readonly due: ReadonlySet<string>
}

/** All families that match; when they are too many, those due today, then those whose surname it is, then any. */
const candidates = async (
  db: Kysely<SearchDatabase>,
  { words, phone }: Typed,
  clock: FacilityClock,
): Promise<Candidates> => {
  const byWords = searchExpression(words)
  const expression = phone === undefined ? byWords : `(${byWords}) OR "${phoneTailOf(phone)}"`
  const first = await matchingIds(db, expression, maxRanked + 1)
  const due = new Set(first.length === 0 ? [] : await dueIds(db, expression, clock))
  if (first.length <= maxRanked) return { ids: first, due }

  const bySurname = await matchingIds(db, `${atStart(words)} AND ${byWords}`, maxFamilies)
  return { ids: [...new Set([...due, ...bySurname, ...first.slice(0, maxFamilies)])], due }
}

const matchingIds = async (db: Kysely<SearchDatabase>, expression: string, limit: number): Promise<string[]> => {
  const rows = await db
    .selectFrom('search_index')
    .select('family_id')
    .where(matchesIndex(expression))
    .limit(limit)
    .execute()
  return rows.map((row) => row.family_id)
}

/** Families that match and have a session today, at a large site around now. */
const dueIds = async (db: Kysely<SearchDatabase>, expression: string, clock: FacilityClock): Promise<string[]> => {
  const minute = sql<number>`substr(starts_at, 1, 2) * 60 + substr(starts_at, 4, 2)`
  const nearest = db
    .selectFrom('sessions')
    .select('id')
    .where('date', '=', clock.today)
    .where('facility_id', '=', clock.facility.id)
    .orderBy(sql`abs(${minute} - ${minuteOfDay(clock.time)})`)
    .limit(nearSessions)
  const due = db
    .selectFrom('bookings as booking')
    .crossJoin('family_students as link')
    .crossJoin('search_families as known')
    .select('known.id')
    .where('booking.session_id', 'in', nearest)
    .where('booking.cancelled_at', 'is', null)
    .whereRef('link.student_id', '=', 'booking.student_id')
    .whereRef('known.family_id', '=', 'link.family_id')
  const matching = db
    .selectFrom('search_index')
    .select(sql<number>`rowid`.as('id'))
    .where(matchesIndex(expression))
    .limit(maxScanned)
    .as('matching')
  const rows = await db
    .selectFrom(matching)
    .crossJoin('search_families as found')
    .select('found.family_id')
    .whereRef('found.id', '=', 'matching.id')
    .where('matching.id', 'in', due)
    .limit(maxFamilies)
    .execute()
  return rows.map((row) => row.family_id)
}
