import { formatHlc } from '../../src-shared/hlc.ts'
import { instantOf, instantToText } from '../../src-shared/time.ts'
import type { RowOf } from './draft.ts'
import type { Big, Enrolled } from './generate-people.ts'
import type { RowBatch } from './insert.ts'
import { laterBy, type When } from './schedule.ts'
import { timeAroundNow } from './story-sessions.ts'

/** A family of three or more whose children can be checked in at the instant of the generation. */
export interface ArrivingFamily {
  readonly family_id: string
  readonly entries: readonly { readonly student_id: string; readonly session_id: string }[]
}

const placesPerSession = 10

interface Group {
  readonly classIds: readonly string[]
  readonly enrolled: readonly Enrolled[]
}

interface Day extends Group {
  readonly date: string
  /** From today: negative in the past. */
  readonly day: number
  readonly places: number
  readonly marks: number
}

const starts = Array.from({ length: 64 }, (_, index) => laterBy('06:00', index * 15))
/** Days of which the counter's check-ins are kept too. */
const daysWithCheckIns = 14
const minuteMs = 60_000

/** The sessions of a day, one after the other from early to late, with their bookings and, in the past, marks. */
export function* generateDay(big: Big, given: Day): Generator<RowBatch> {
  const { random } = big.draft
  const { enrolled, places } = given
  if (enrolled.length === 0 || places === 0) return
  const sessions: RowOf<'sessions'>[] = []
  const bookings: RowOf<'bookings'>[] = []
  const size = Math.min(placesPerSession, enrolled.length)
  const offset = random.int(0, enrolled.length - 1)
  for (let place = 0; place < places; place += 1) {
    const isFirst = place % size === 0
    const from = starts[sessions.length % starts.length] ?? '06:00'
    if (isFirst) sessions.push(sessionRow(big, given, { date: given.date, from, until: laterBy(from, 30) }))
    const session = sessions.at(-1)
    // Neighbors in the list are siblings: they come together.
    const { studentId } = enrolled[(offset + place) % enrolled.length] ?? { studentId: '' }
    if (session) bookings.push(bookingRow(big, session, studentId))
  }
  yield { table: 'sessions', rows: sessions }
  yield { table: 'bookings', rows: bookings }
  if (given.day >= 0) return
  const startMs = new Map(
    sessions.map(({ id, date, starts_at, time_zone }) => [id, Date.parse(instantOf(date, starts_at, time_zone))]),
  )
  const facts = bookings.map((booking) => ({ booking, startMs: startMs.get(booking.session_id) ?? 0 }))
  if (given.day >= -daysWithCheckIns) yield { table: 'check_ins', rows: facts.map((fact) => checkInRow(big, fact)) }
  yield { table: 'attendance_marks', rows: facts.slice(0, given.marks).map((fact) => markRow(big, fact)) }
}

/** Sessions around now for families with three children or more, so that somebody can be checked in at any hour. */
export function* generateNow(big: Big, group: Group): Generator<RowBatch, readonly ArrivingFamily[]> {
  const families = [...Map.groupBy(group.enrolled, ({ familyId }) => familyId)]
    .filter(([, own]) => own.length >= 3)
    .slice(0, 60)
  const when = timeAroundNow(big.draft.now, big.site.facility, 30)
  const sessions: RowOf<'sessions'>[] = []
  const bookings: RowOf<'bookings'>[] = []
  const arriving = families.map(([family_id, own]) => {
    const session = sessionRow(big, group, when)
    sessions.push(session)
    bookings.push(...own.map(({ studentId }) => bookingRow(big, session, studentId)))
    return { family_id, entries: own.map(({ studentId }) => ({ student_id: studentId, session_id: session.id })) }
  })
  yield { table: 'sessions', rows: sessions }
  yield { table: 'bookings', rows: bookings }
  return arriving
}

const sessionRow = ({ draft: { random }, site }: Big, { classIds }: Group, when: When): RowOf<'sessions'> => ({
  id: random.id(),
  facility_id: site.facility.id,
  class_id: random.pick(classIds),
  space_id: random.pick(site.spaces).id,
  instructor_id: random.pick(site.instructors).id,
  date: when.date,
  starts_at: when.from,
  ends_at: when.until,
  time_zone: site.facility.time_zone,
  capacity: 14,
  status: 'scheduled',
  roll_closed_at: null,
  roll_closed_by: null,
})

const bookingRow = ({ draft: { random } }: Big, session: RowOf<'sessions'>, studentId: string): RowOf<'bookings'> => ({
  id: random.id(),
  facility_id: session.facility_id,
  session_id: session.id,
  student_id: studentId,
  enrollment_id: null,
  kind: 'regular',
  cancelled_at: null,
})

interface Fact {
  readonly booking: RowOf<'bookings'>
  readonly startMs: number
}

const eventColumns = ({ draft: { random }, site }: Big, { booking }: Fact, atMs: number) => ({
  id: random.id(),
  facility_id: booking.facility_id,
  session_id: booking.session_id,
  student_id: booking.student_id,
  at: instantToText(atMs),
  hlc: formatHlc({ ms: atMs, counter: 0 }, site.device.id),
  device_id: site.device.id,
})

const checkInRow = (big: Big, fact: Fact): RowOf<'check_ins'> => ({
  ...eventColumns(big, fact, fact.startMs - big.draft.random.int(1, 20) * minuteMs),
  kind: 'in',
  undoes_id: null,
  guardian_id: null,
  staff_id: big.draft.random.pick(big.site.desk).id,
})

const markRow = (big: Big, fact: Fact): RowOf<'attendance_marks'> => ({
  ...eventColumns(big, fact, fact.startMs + big.draft.random.int(1, 9) * minuteMs),
  code: big.draft.random.pick(['present', 'present', 'present', 'present', 'late', 'absent', 'excused']),
  note: null,
  source: 'instructor',
  staff_id: big.draft.random.pick(big.site.instructors).id,
})
