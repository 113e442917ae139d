import type { Kysely } from 'kysely'
import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { effectiveMark, isRecorded, presenceOf } from '../rules/attendance.ts'
import { phaseOf, type SessionPhase, takesPlace } from '../rules/sessions.ts'
import { instantSchema } from '../schema/columns.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import type { Row } from '../schema/table.ts'
import type { attendanceMarks } from '../schema/tables/attendance-marks.ts'
import type { bookings } from '../schema/tables/bookings.ts'
import type { healthItems } from '../schema/tables/health-items.ts'
import { ageOn, dateAt, type DateText, type InstantText, timeAt } from '../time.ts'
import { defineQuery } from './query.ts'
import { fullName, sessionFacts } from './session-facts.ts'

export type AttendanceCode = Row<typeof attendanceMarks>['code']
export type BookingKind = Row<typeof bookings>['kind']
export type HealthItem = Pick<Row<typeof healthItems>, 'id' | 'kind' | 'severity' | 'name' | 'action'>

interface RollMark {
  readonly code: AttendanceCode
  readonly note: string | null
  readonly at: InstantText
  readonly by: string
  readonly source: 'instructor' | 'office'
}

export interface RollRow {
  readonly student_id: string
  readonly first_name: string
  readonly last_name: string
  readonly preferred_name: string | null
  /** In whole years on the day of the session. */
  readonly age: number
  readonly kind: BookingKind
  /** Null for who may not read medical facts. */
  readonly health: readonly HealthItem[] | null
  /** The earliest check-in that stands, and the latest check-out. */
  readonly checked_in_at: InstantText | null
  readonly checked_out_at: InstantText | null
  /** The mark that counts; `not_recorded` when there is none. Nothing is ever concluded from the check-in. */
  readonly code: AttendanceCode
  readonly note: string | null
  /** All marks in causal order, the one that counts last. */
  readonly marks: readonly RollMark[]
}

export interface Roll {
  readonly session: {
    readonly id: string
    readonly class_name: string
    readonly level: string | null
    readonly program_name: string
    readonly program_color: string
    readonly space_name: string | null
    readonly instructor_name: string | null
    readonly date: DateText
    readonly starts_at: string
    readonly ends_at: string
    readonly time_zone: string
    /** Undefined on another day than the session's. */
    readonly phase: SessionPhase | undefined
    /** It was cancelled, or moved to another time. */
    readonly is_cancelled: boolean
    readonly capacity: number
    readonly roll_closed_at: InstantText | null
    readonly closed_by: string | null
  }
  readonly rows: readonly RollRow[]
  readonly not_recorded: number
}

const sessionOf = (db: Kysely<SearchDatabase>, sessionId: string) =>
  sessionFacts(db)
    .leftJoin('staff as closer', 'closer.id', 'sessions.roll_closed_by')
    .select([
      'closer.first_name as closer_first',
      'closer.last_name as closer_last',
      'sessions.date',
      'sessions.time_zone',
    ])
    .where('sessions.id', '=', sessionId)

/** Who has a place, by name. Two devices may both have added the same child: the first booking counts. */
export const placesOf = (db: Kysely<SearchDatabase>, sessionId: string) =>
  db
    .selectFrom('bookings')
    .innerJoin('students', 'students.id', 'bookings.student_id')
    .select([
      'bookings.student_id',
      'bookings.kind',
      'students.first_name',
      'students.last_name',
      'students.preferred_name',
      'students.birth_date',
    ])
    .where('bookings.session_id', '=', sessionId)
    .where('bookings.cancelled_at', 'is', null)
    .orderBy('bookings.id')

export const marksOf = (db: Kysely<SearchDatabase>, sessionId: string) =>
  db
    .selectFrom('attendance_marks as mark')
    .leftJoin('staff', 'staff.id', 'mark.staff_id')
    .select([
      'mark.id',
      'mark.student_id',
      'mark.code',
      'mark.note',
      'mark.source',
      'mark.at',
      'mark.hlc',
      'staff.first_name',
      'staff.last_name',
    ])
    .where('mark.session_id', '=', sessionId)
    .orderBy('mark.hlc')
    .orderBy('mark.id')

const eventsOf = (db: Kysely<SearchDatabase>, sessionId: string) =>
  db
    .selectFrom('check_ins')
    .select(['id', 'student_id', 'kind', 'at', 'hlc', 'undoes_id'])
    .where('session_id', '=', sessionId)

/** The health items of who has a place in the session. */
export const healthOf = (db: Kysely<SearchDatabase>, sessionId: string) =>
  db
    .selectFrom('bookings')
    .innerJoin('health_items as item', 'item.student_id', 'bookings.student_id')
    .select(['item.student_id', 'item.id', 'item.kind', 'item.severity', 'item.name', 'item.action'])
    .distinct()
    .where('bookings.session_id', '=', sessionId)
    .where('bookings.cancelled_at', 'is', null)

const gravity = { life_threatening: 0, serious: 1, info: 2 } as const

type Place = Awaited<ReturnType<ReturnType<typeof placesOf>['execute']>>[number]

interface Facts {
  readonly date: DateText
  readonly marks: ReadonlyMap<string, Awaited<ReturnType<ReturnType<typeof marksOf>['execute']>>>
  readonly events: ReadonlyMap<string, Awaited<ReturnType<ReturnType<typeof eventsOf>['execute']>>>
  readonly health: ReadonlyMap<string, Awaited<ReturnType<ReturnType<typeof healthOf>['execute']>>> | null
}

const rowOf = ({ birth_date, ...place }: Place, { date, marks, events, health }: Facts): RollRow => {
  const own = marks.get(place.student_id) ?? []
  const presence = presenceOf(events.get(place.student_id) ?? [])
  const counting = effectiveMark(own)
  return {
    ...place,
    age: ageOn(birth_date, date),
    health:
      health &&
      (health.get(place.student_id) ?? [])
        .map(({ id, kind, severity, name, action }) => ({ id, kind, severity, name, action }))
        .toSorted((a, b) => gravity[a.severity] - gravity[b.severity] || (a.name < b.name ? -1 : 1)),
    checked_in_at: presence.in?.at ?? null,
    checked_out_at: presence.out?.at ?? null,
    code: counting?.code ?? 'not_recorded',
    note: counting?.note ?? null,
    marks: own.map(({ code, note, at, source, first_name, last_name }) => ({
      code,
      note,
      at,
      source,
      by: fullName(first_name, last_name) ?? 'Somebody',
    })),
  }
}

const calledName = (row: RollRow): string => row.preferred_name ?? row.first_name

const byName = (a: RollRow, b: RollRow): number =>
  calledName(a).localeCompare(calledName(b)) || a.last_name.localeCompare(b.last_name)

/** One session and everybody who has a place in it, with the check-in and the mark as two facts (U15, U18). */
export const classRoll = defineQuery({
  name: 'classes.roll',
  args: z.strictObject({ session_id: z.uuid(), now: instantSchema }),
  permission: 'classes.read',

  async run(db, { session_id, now }, { permissions }): Promise<Roll> {
    const found = await sessionOf(db, session_id).executeTakeFirst()
    if (!found) throw new DomainError('not_found', 'This session does not exist here.', { session_id })
    const { instructor_first, instructor_last, closer_first, closer_last, status, ...session } = found

    const places = await placesOf(db, session_id).execute()
    const mayReadMedical = permissions.has('medical.read')
    const facts: Facts = {
      date: session.date,
      marks: Map.groupBy(await marksOf(db, session_id).execute(), (mark) => mark.student_id),
      events: Map.groupBy(await eventsOf(db, session_id).execute(), (event) => event.student_id),
      health: mayReadMedical ? Map.groupBy(await healthOf(db, session_id).execute(), (item) => item.student_id) : null,
    }
    const firstPlaces = [...Map.groupBy(places, (place) => place.student_id).values()].flatMap(([first]) => first ?? [])
    const rows = firstPlaces.map((place) => rowOf(place, facts)).toSorted(byName)

    return {
      session: {
        ...session,
        instructor_name: fullName(instructor_first, instructor_last),
        closed_by: fullName(closer_first, closer_last),
        is_cancelled: !takesPlace({ status }),
        phase:
          dateAt(now, session.time_zone) === session.date
            ? phaseOf(session, timeAt(now, session.time_zone))
            : undefined,
      },
      rows,
      not_recorded: rows.filter((row) => !isRecorded(row)).length,
    }
  },
})
