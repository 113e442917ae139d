import { type Kysely, sql, type SqlBool } from 'kysely'
import { z } from 'zod'
import { type FoundBy, matchFamily, type SearchMatch, type Typed } from '../rules/search-match.ts'
import { atStart, phoneTailOf, searchExpression, typedPhone, typedWords } from '../rules/search-terms.ts'
import { instantSchema } from '../schema/columns.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import { type FacilityClock, facilityClock, minuteOfDay } from './facility-clock.ts'
import { type FamilyHit, familyRows, sessionsOnDay, toFamilyHit } from './family-hits.ts'
import { defineQuery } from './query.ts'

export interface FoundFamily extends FamilyHit {
  readonly found_by: FoundBy
}

/** The most families that a search shows. */
const maxFamilies = 20
/** Up to this many matches are all ranked; of more, only those most likely meant. */
const maxRanked = 50
/** The sessions nearest to now that decide who is most likely meant; about one hour of a large site. */
const nearSessions = 60
/** How far into the matches of one letter the search looks for families that are due now. */
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

  run: async (db, { text, now }, context): Promise<readonly FoundFamily[]> => {
    const typed: Typed = { words: typedWords(text), phone: typedPhone(text) }
    if (typed.words.length === 0) return []
    const clock = await facilityClock(db, context, now)
    const rows = await familyRows(db, await candidateIds(db, typed, clock))
    const matched = rows.flatMap((row) => {
      const match = matchFamily(typed, row)
      return match ? [{ ...row, match }] : []
    })
    const studentIds = matched.flatMap(({ students }) => students.map((student) => student.id))
    const onDay = await sessionsOnDay(db, studentIds, clock.today)
    return matched
      .map((row) => ({ hit: toFamilyHit(row, onDay, clock.today), match: row.match }))
      .toSorted(byRank)
      .slice(0, maxFamilies)
      .map(({ hit, match }) => ({ ...hit, found_by: match.found_by }))
  },
})

interface Ranked {
  readonly hit: FamilyHit
  readonly match: SearchMatch
}

const names = new Intl.Collator('en', { sensitivity: 'base' })

const isDueToday = (hit: FamilyHit): boolean => hit.students.some((student) => student.today.length > 0)

const byRank = (a: Ranked, b: Ranked): number =>
  Number(a.hit.is_archived) - Number(b.hit.is_archived) ||
  a.match.tier - b.match.tier ||
  Number(isDueToday(b.hit)) - Number(isDueToday(a.hit)) ||
  Number(b.match.is_exact) - Number(a.match.is_exact) ||
  names.compare(a.hit.name, b.hit.name) ||
  (a.hit.family_id < b.hit.family_id ? -1 : 1)

const matchesIndex = (expression: string) => sql<SqlBool>`search_index match ${expression}`

/** All families that match; when they are too many, those due now, then those whose surname it is, then any. */
const candidateIds = async (
  db: Kysely<SearchDatabase>,
  { words, phone }: Typed,
  clock: FacilityClock,
): Promise<readonly string[]> => {
  const byWords = searchExpression(words)
  const expression = phone === undefined ? byWords : `(${byWords}) OR "${phoneTailOf(phone)}"`
  const first = await matchingIds(db, expression, maxRanked + 1)
  if (first.length <= maxRanked) return first

  const due = await dueNowIds(db, expression, clock)
  const bySurname = await matchingIds(db, `${atStart(words)} AND ${byWords}`, maxFamilies)
  return [...new Set([...due, ...bySurname, ...first.slice(0, maxFamilies)])]
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

const dueNowIds = async (db: Kysely<SearchDatabase>, expression: string, clock: FacilityClock): Promise<string[]> => {
  const sessions = await db
    .selectFrom('sessions')
    .select(['id', 'starts_at'])
    .where('date', '=', clock.today)
    .where('facility_id', '=', clock.facility.id)
    .execute()
  const distance = (startsAt: string): number => Math.abs(minuteOfDay(startsAt) - minuteOfDay(clock.time))
  const near = sessions.toSorted((a, b) => distance(a.starts_at) - distance(b.starts_at)).slice(0, nearSessions)
  if (near.length === 0) return []
  const rows = await db
    .selectFrom(
      db
        .selectFrom('search_index')
        .select('family_id')
        .where(matchesIndex(expression))
        .limit(maxScanned)
        .as('matching'),
    )
    .select('matching.family_id')
    .where('matching.family_id', 'in', (eb) =>
      eb
        .selectFrom('bookings as booking')
        .crossJoin('family_students as link')
        .select('link.family_id')
        .where(
          'booking.session_id',
          'in',
          near.map((session) => session.id),
        )
        .where('booking.cancelled_at', 'is', null)
        .whereRef('link.student_id', '=', 'booking.student_id'),
    )
    .limit(maxFamilies)
    .execute()
  return rows.map((row) => row.family_id)
}
