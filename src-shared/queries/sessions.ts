import type { Kysely } from 'kysely'
import { z } from 'zod'
import { effectiveMark, isRecorded, presenceOf } from '../rules/attendance.ts'
import { phaseOf, type SessionPhase, takesPlace } from '../rules/sessions.ts'
import { instantSchema } from '../schema/columns.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import type { DateText, InstantText } from '../time.ts'
import { facilityClock } from './facility-clock.ts'
import { defineQuery } from './query.ts'
import { fullName, sessionFacts } from './session-facts.ts'

export interface TodaysSession {
  readonly id: string
  readonly class_name: string
  readonly level: string | null
  readonly program_name: string
  readonly program_color: string
  readonly space_name: string | null
  readonly instructor_name: string | null
  /** Taught by who is asking. */
  readonly is_mine: boolean
  readonly starts_at: string
  readonly ends_at: string
  readonly phase: SessionPhase
  /** It was cancelled, or moved to another time. */
  readonly is_cancelled: boolean
  readonly roll_closed_at: InstantText | null
  readonly capacity: number
  /** How many students have a place, are in at the counter, and have a mark. */
  readonly booked: number
  readonly checked_in: number
  readonly marked: number
}

export interface TodaysSessions {
  readonly date: DateText
  readonly sessions: readonly TodaysSession[]
}

/** The sessions of one day at a facility, in order of their start. */
export const sessionsOn = (db: Kysely<SearchDatabase>, facilityId: string, date: DateText) =>
  sessionFacts(db)
    .select('sessions.instructor_id')
    .where('sessions.date', '=', date)
    .where('sessions.facility_id', '=', facilityId)
    .orderBy('sessions.starts_at')
    .orderBy('classes.name')

/** The standing bookings of the sessions of one day. */
export const bookingsOn = (db: Kysely<SearchDatabase>, date: DateText) =>
  db
    .selectFrom('sessions')
    .innerJoin('bookings', 'bookings.session_id', 'sessions.id')
    .select(['bookings.session_id', 'bookings.student_id'])
    .distinct()
    .where('sessions.date', '=', date)
    .where('bookings.cancelled_at', 'is', null)

const marksOn = (db: Kysely<SearchDatabase>, date: DateText) =>
  db
    .selectFrom('sessions')
    .innerJoin('attendance_marks as mark', 'mark.session_id', 'sessions.id')
    .select(['mark.session_id', 'mark.student_id', 'mark.id', 'mark.code', 'mark.hlc'])
    .where('sessions.date', '=', date)

const checkInsOn = (db: Kysely<SearchDatabase>, date: DateText) =>
  db
    .selectFrom('sessions')
    .innerJoin('check_ins as event', 'event.session_id', 'sessions.id')
    .select([
      'event.session_id',
      'event.student_id',
      'event.id',
      'event.kind',
      'event.at',
      'event.hlc',
      'event.undoes_id',
    ])
    .where('sessions.date', '=', date)

const keyOf = (row: { readonly session_id: string; readonly student_id: string }): string =>
  `${row.session_id} ${row.student_id}`

/** Counts per session the places for which something holds. */
const countBySession = <P extends { readonly session_id: string; readonly student_id: string }>(
  places: readonly P[],
  holds: (place: P) => boolean,
): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const place of places) {
    if (holds(place)) counts.set(place.session_id, (counts.get(place.session_id) ?? 0) + 1)
  }
  return counts
}

/** Today's sessions of this facility with how far each roll is. Today is the facility's date at `now`. */
export const todaysSessions = defineQuery({
  name: 'classes.today',
  args: z.strictObject({ now: instantSchema }),
  permission: 'classes.read',

  async run(db, { now }, context): Promise<TodaysSessions> {
    const { today: date, time } = await facilityClock(db, context, now)
    const sessions = await sessionsOn(db, context.facilityId, date).execute()
    const places = await bookingsOn(db, date).execute()
    const marks = Map.groupBy(await marksOn(db, date).execute(), keyOf)
    const events = Map.groupBy(await checkInsOn(db, date).execute(), keyOf)

    const booked = countBySession(places, () => true)
    const marked = countBySession(places, (place) => isRecorded(effectiveMark(marks.get(keyOf(place)) ?? [])))
    const checkedIn = countBySession(places, (place) => presenceOf(events.get(keyOf(place)) ?? []).in !== undefined)

    return {
      date,
      sessions: sessions.map(({ instructor_first, instructor_last, instructor_id, status, ...session }) => ({
        ...session,
        instructor_name: fullName(instructor_first, instructor_last),
        is_mine: instructor_id === context.staffId,
        phase: phaseOf(session, time),
        is_cancelled: !takesPlace({ status }),
        booked: booked.get(session.id) ?? 0,
        checked_in: checkedIn.get(session.id) ?? 0,
        marked: marked.get(session.id) ?? 0,
      })),
    }
  },
})
