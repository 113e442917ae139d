import type { Kysely } from 'kysely'
import { z } from 'zod'
import { presenceOf } from '../rules/attendance.ts'
import { instantSchema } from '../schema/columns.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import type { TimeText } from '../time.ts'
import { type FacilityClock, facilityClock } from './facility-clock.ts'
import { type FamilyHit, familyRows, sessionsToday, toFamilyHit } from './family-hits.ts'
import { defineQuery } from './query.ts'

/** The children that start at one time, and the families among them that still have somebody to come. */
export interface ExpectedStart {
  readonly starts_at: TimeText
  readonly booked: number
  readonly checked_in: number
  readonly families: readonly FamilyHit[]
}

/** The most families that are listed; more than fit on a screen. */
const maxFamilies = 40
/** The most sessions that are looked at: an hour or two of a large site. */
const maxSessions = 60

/**
 * Who comes next: today's sessions that are not over, by start, with the families that are not all in yet. What has begun
 * with everybody in asks for nothing and is left out.
 */
export const counterExpected = defineQuery({
  name: 'counter.expected',
  args: z.strictObject({ now: instantSchema }),
  permission: 'families.read',

  run: async (db, { now }, context): Promise<readonly ExpectedStart[]> => {
    const clock = await facilityClock(db, context, now)
    const places = await placesToCome(db, clock)
    const missing = new Map<string, TimeText>()
    for (const place of places) {
      if (!place.isIn && !missing.has(place.family_id)) missing.set(place.family_id, place.starts_at)
    }
    const listed = [...missing].slice(0, maxFamilies)
    const lastStart = missing.size > maxFamilies ? (listed.at(-1)?.[1] ?? '') : '24:00'
    const starts = [...new Set(places.map((place) => place.starts_at))].filter((start) => start <= lastStart)
    const rows = await familyRows(
      db,
      listed.map(([familyId]) => familyId),
    )
    const studentIds = rows.flatMap(({ students }) => students.map((student) => student.id))
    const onDay = await sessionsToday(db, studentIds, clock)

    const shown = starts.map((starts_at) => {
      const own = places.filter((place) => place.starts_at === starts_at)
      return {
        starts_at,
        booked: countOf(own),
        checked_in: countOf(own.filter((place) => place.isIn)),
        families: rows
          .filter(({ family }) => missing.get(family.id) === starts_at)
          .map((row) => toFamilyHit(row, onDay, clock.today))
          .toSorted((a, b) => names.compare(a.name, b.name)),
      }
    })
    return shown.filter(({ starts_at, families }) => families.length > 0 || starts_at >= clock.time)
  },
})

const names = new Intl.Collator('en', { sensitivity: 'base' })

interface Place {
  readonly starts_at: TimeText
  readonly student_id: string
  readonly session_id: string
  readonly family_id: string
  readonly isIn: boolean
}

/** A child in two households is one child. */
const countOf = (places: readonly Place[]): number =>
  new Set(places.map((place) => `${place.student_id} ${place.session_id}`)).size

const placesToCome = async (db: Kysely<SearchDatabase>, clock: FacilityClock): Promise<readonly Place[]> => {
  const sessions = await db
    .selectFrom('sessions')
    .select(['id', 'starts_at'])
    .where('date', '=', clock.today)
    .where('facility_id', '=', clock.facility.id)
    .where('status', 'not in', ['cancelled', 'rescheduled'])
    .where('ends_at', '>', clock.time)
    .orderBy('starts_at')
    .limit(maxSessions)
    .execute()
  if (sessions.length === 0) return []
  const sessionIds = sessions.map((session) => session.id)
  const booked = await db
    .selectFrom('bookings as booking')
    .crossJoin('family_students as link')
    .select(['booking.session_id', 'booking.student_id', 'link.family_id'])
    .where('booking.session_id', 'in', sessionIds)
    .where('booking.cancelled_at', 'is', null)
    .whereRef('link.student_id', '=', 'booking.student_id')
    .execute()
  const events = await db
    .selectFrom('check_ins')
    .select(['id', 'kind', 'at', 'hlc', 'undoes_id', 'session_id', 'student_id'])
    .where('session_id', 'in', sessionIds)
    .execute()
  const eventsBy = Map.groupBy(events, (event) => `${event.student_id} ${event.session_id}`)
  const bookedBy = Map.groupBy(booked, (row) => row.session_id)
  return sessions.flatMap(({ id, starts_at }) =>
    (bookedBy.get(id) ?? []).map((row) => ({
      ...row,
      starts_at,
      isIn: presenceOf(eventsBy.get(`${row.student_id} ${id}`) ?? []).in !== undefined,
    })),
  )
}
