import { Temporal } from 'temporal-polyfill'
import { type DateText, instantOf, type InstantText, type TimeText } from '../../src-shared/time.ts'
import type { Draft, RowOf, Site } from './draft.ts'
import type { Child } from './people.ts'
import type { ClassTemplate } from './templates.ts'

export interface SchoolClass {
  readonly row: RowOf<'classes'>
  readonly template: ClassTemplate
  readonly site: Site
}

/** A session with its class and the instants it stands for. */
export interface Meeting {
  readonly session: RowOf<'sessions'>
  readonly of: SchoolClass
  readonly startsAt: InstantText
  readonly endsAt: InstantText
}

export interface When {
  readonly date: DateText
  readonly from: TimeText
  readonly until: TimeText
}

/** Who and what is taken when: children, lanes and instructors alike. */
export interface Calendar {
  readonly isFree: (id: string, when: When) => boolean
  readonly take: (id: string, when: When) => void
}

export const createCalendar = (): Calendar => {
  const taken = new Map<string, When[]>()
  return {
    isFree: (id, { date, from, until }) =>
      (taken.get(`${id} ${date}`) ?? []).every((other) => other.until <= from || other.from >= until),
    take: (id, when) => {
      const key = `${id} ${when.date}`
      taken.set(key, [...(taken.get(key) ?? []), when])
    },
  }
}

const minutesOf = (time: TimeText): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

const toTime = (minutes: number): TimeText =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

/** `16:45` and 30 → `17:15`, never beyond the end of the day. */
export const laterBy = (time: TimeText, minutes: number): TimeText =>
  toTime(Math.min(minutesOf(time) + minutes, 24 * 60 - 1))

/** `17:15` and 30 → `16:45`, never before the day begins. */
export const earlierBy = (time: TimeText, minutes: number): TimeText => toTime(Math.max(minutesOf(time) - minutes, 0))

/** Monday is 1, Sunday 7. */
export const weekdayOf = (date: DateText): number => Temporal.PlainDate.from(date).dayOfWeek

const spaceKinds: Readonly<Record<ClassTemplate['program'], readonly RowOf<'spaces'>['kind'][]>> = {
  Swimming: ['lane', 'pool'],
  Football: ['field'],
  Basketball: ['court'],
}

interface Desk {
  readonly draft: Draft
  readonly calendar: Calendar
}

/** Writes a session into the timetable, in the first place and with the first instructor that are free then. */
export const placeSession = ({ draft, calendar }: Desk, of: SchoolClass, when: When): Meeting => {
  const { facility, spaces, instructors } = of.site
  const { sessions } = draft.rows
  const kinds = spaceKinds[of.template.program]
  const space = spaces.find(({ id, kind }) => kinds.includes(kind) && calendar.isFree(id, when))
  // In turn, so that everybody has something to do.
  const turn = sessions.length % instructors.length
  const inTurn = [...instructors.slice(turn), ...instructors.slice(0, turn)]
  const instructor = inTurn.find(({ id }) => calendar.isFree(id, when))
  for (const taken of [space, instructor]) if (taken) calendar.take(taken.id, when)
  const session: RowOf<'sessions'> = {
    id: draft.random.id(),
    facility_id: facility.id,
    class_id: of.row.id,
    space_id: space?.id ?? null,
    instructor_id: instructor?.id ?? null,
    date: when.date,
    starts_at: when.from,
    ends_at: when.until,
    time_zone: facility.time_zone,
    capacity: of.row.capacity,
    status: 'scheduled',
    roll_closed_at: null,
    roll_closed_by: null,
  }
  sessions.push(session)
  return {
    session,
    of,
    startsAt: instantOf(when.date, when.from, facility.time_zone),
    endsAt: instantOf(when.date, when.until, facility.time_zone),
  }
}

export interface NewBooking {
  readonly child: Child
  readonly kind: RowOf<'bookings'>['kind']
  readonly enrollmentId: string | null
}

/** Gives a child a place unless it is somewhere else at that time; says whether it did. */
export const book = (
  { draft, calendar }: Desk,
  { session }: Meeting,
  { child, kind, enrollmentId }: NewBooking,
): boolean => {
  const when = { date: session.date, from: session.starts_at, until: session.ends_at }
  if (!calendar.isFree(child.student.id, when)) return false
  calendar.take(child.student.id, when)
  draft.rows.bookings.push({
    id: draft.random.id(),
    facility_id: session.facility_id,
    session_id: session.id,
    student_id: child.student.id,
    enrollment_id: enrollmentId,
    kind,
    cancelled_at: null,
  })
  return true
}
