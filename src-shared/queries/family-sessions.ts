import type { Kysely } from 'kysely'
import { presenceOf, type Presence } from '../rules/attendance.ts'
import { type CheckInWindow, checkInWindow } from '../rules/check-in-window.ts'
import type { Row } from '../schema/table.ts'
import type { bookings } from '../schema/tables/bookings.ts'
import type { sessions } from '../schema/tables/sessions.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import { type DateText, instantOf, type TimeText } from '../time.ts'
import type { FacilityClock } from './facility-clock.ts'

/** A child's place in a session of today as the family sheet shows it. */
export interface SheetSession {
  readonly session_id: string
  readonly student_id: string
  readonly booking_kind: Row<typeof bookings>['kind']
  readonly class_name: string
  readonly program_color: string
  readonly space_name: string | null
  readonly instructor_name: string | null
  readonly starts_at: TimeText
  readonly ends_at: TimeText
  readonly status: Row<typeof sessions>['status']
  readonly window: CheckInWindow
  readonly is_over: boolean
  readonly in: Presence['in'] | null
  readonly out: Presence['out'] | null
}

export interface NextSession {
  readonly student_id: string
  readonly date: DateText
  readonly starts_at: TimeText
  readonly class_name: string
  readonly space_name: string | null
}

/** The places of children in today's sessions, by start, cancelled sessions among them: the family must be told. */
export const sheetSessions = async (
  db: Kysely<SearchDatabase>,
  studentIds: readonly string[],
  { facility, now, today, time }: FacilityClock,
): Promise<readonly SheetSession[]> => {
  if (studentIds.length === 0) return []
  const rows = await db
    .selectFrom('bookings as booking')
    .crossJoin('sessions as session')
    .innerJoin('classes as class', 'class.id', 'session.class_id')
    .innerJoin('programs as program', 'program.id', 'class.program_id')
    .leftJoin('spaces as space', 'space.id', 'session.space_id')
    .leftJoin('staff as instructor', 'instructor.id', 'session.instructor_id')
    .select(['session.id as session_id', 'booking.student_id', 'booking.kind as booking_kind'])
    .select(['class.name as class_name', 'program.color as program_color', 'space.name as space_name'])
    .select(['instructor.first_name', 'instructor.last_name'])
    .select(['session.starts_at', 'session.ends_at', 'session.status', 'session.date', 'session.time_zone'])
    .where('booking.student_id', 'in', studentIds)
    .where('booking.cancelled_at', 'is', null)
    .whereRef('session.id', '=', 'booking.session_id')
    .where('session.date', '=', today)
    .orderBy('session.starts_at')
    .orderBy('session.id')
    .execute()
  const events = await db
    .selectFrom('check_ins')
    .select(['id', 'kind', 'at', 'hlc', 'undoes_id', 'session_id', 'student_id'])
    .where('session_id', 'in', [...new Set(rows.map((row) => row.session_id))])
    .execute()

  return rows.map(({ first_name, last_name, date, time_zone, ...row }) => {
    const own = events.filter((event) => event.student_id === row.student_id && event.session_id === row.session_id)
    const presence = presenceOf(own)
    return {
      ...row,
      instructor_name: first_name === null ? null : `${first_name} ${last_name ?? ''}`.trim(),
      window: checkInWindow(instantOf(date, row.starts_at, time_zone), now, facility),
      is_over: row.ends_at <= time,
      in: presence.in ?? null,
      out: presence.out ?? null,
    }
  })
}

/** The first session after a day for each of the students that have one. */
export const nextSessions = async (
  db: Kysely<SearchDatabase>,
  studentIds: readonly string[],
  today: DateText,
): Promise<readonly NextSession[]> => {
  if (studentIds.length === 0) return []
  const rows = await db
    .selectFrom('bookings as booking')
    .crossJoin('sessions as session')
    .innerJoin('classes as class', 'class.id', 'session.class_id')
    .leftJoin('spaces as space', 'space.id', 'session.space_id')
    .select(['booking.student_id', 'session.date', 'session.starts_at'])
    .select(['class.name as class_name', 'space.name as space_name'])
    .where('booking.student_id', 'in', studentIds)
    .where('booking.cancelled_at', 'is', null)
    .whereRef('session.id', '=', 'booking.session_id')
    .where('session.date', '>', today)
    .where('session.status', 'not in', ['cancelled', 'rescheduled'])
    .orderBy('session.date')
    .orderBy('session.starts_at')
    .execute()
  return studentIds.flatMap((id) => rows.find((row) => row.student_id === id) ?? [])
}
