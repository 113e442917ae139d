import { formatHlc } from '../../src-shared/hlc.ts'
import { instantToText } from '../../src-shared/time.ts'
import { fits } from './classes.ts'
import type { Draft, RowOf } from './draft.ts'
import type { Child } from './people.ts'
import { book, type Calendar, type Meeting } from './schedule.ts'

interface Stage {
  readonly draft: Draft
  readonly calendar: Calendar
  readonly children: readonly Child[]
}

type Mark = RowOf<'attendance_marks'>
type Booking = RowOf<'bookings'>

const minute = 60_000

/** What happened until now: who came, who was marked how, which rolls were closed. The story's sessions come separately. */
export const draftAttendance = (stage: Stage, meetings: readonly Meeting[]): void => {
  const { draft } = stage
  for (const meeting of meetings) if (meeting.endsAt <= draft.now) addWalkIn(stage, meeting)
  const bookings = Map.groupBy(draft.rows.bookings, (booking) => booking.session_id)
  for (const meeting of meetings) {
    const booked = bookings.get(meeting.session.id) ?? []
    if (meeting.endsAt <= draft.now) settle(draft, meeting, booked)
    else if (meeting.startsAt <= draft.now) arriveSome(draft, meeting, booked)
  }
}

/** A few children of the story's roll are in already; those of the story's family are not. */
export const draftStoryArrivals = ({ draft, children }: Stage, roll: Meeting, count: number): void => {
  const inStory = new Set(children.filter((child) => child.isInStory).map(({ student }) => student.id))
  const booked = draft.rows.bookings.filter(({ session_id }) => session_id === roll.session.id)
  for (const booking of booked.filter(({ student_id }) => !inStory.has(student_id)).slice(0, count)) {
    checkIn(draft, { meeting: roll, booking, atMs: Date.parse(draft.now) - draft.random.int(1, 9) * minute })
  }
}

const addWalkIn = (stage: Stage, meeting: Meeting): void => {
  const { random } = stage.draft
  if (!random.chance(4)) return
  const child = random.pick(stage.children)
  if (child.isInStory || !child.sites.includes(meeting.of.site) || !fits(child, meeting.of.template)) return
  book(stage, meeting, { child, kind: 'walk_in', enrollmentId: null })
}

/** How a hundred children are marked, in order; what is left over has no mark at all. */
const codes: readonly (readonly [code: Mark['code'], percent: number])[] = [
  ['present', 81],
  ['late', 6],
  ['absent', 6],
  ['excused', 3],
  ['left_early', 2],
  ['observing', 1],
]

const codeOf = ({ random }: Draft): Mark['code'] | undefined => {
  let dice = random.int(1, 100)
  for (const [code, percent] of codes) {
    if (dice <= percent) return code
    dice -= percent
  }
  return undefined
}

const settle = (draft: Draft, meeting: Meeting, booked: readonly Booking[]): void => {
  const { random } = draft
  const { session } = meeting
  const isTerm = meeting.of.row.mode === 'term'
  if (isTerm && random.chance(1)) {
    Object.assign(session, { status: 'cancelled' })
    return
  }
  const isRollForgotten = random.chance(2)
  let unmarked = 0
  for (const booking of booked) {
    const code = booking.kind === 'walk_in' ? 'present' : isRollForgotten ? undefined : codeOf(draft)
    comeAndGo(draft, { meeting, booking, code: code ?? 'present' })
    if (code)
      mark(draft, {
        meeting,
        booking,
        code,
        source: 'instructor',
        atMs: Date.parse(meeting.startsAt) + random.int(2, 9) * minute,
      })
    else unmarked += 1
  }
  const closedMs = Date.parse(meeting.endsAt) + random.int(1, 5) * minute
  if (unmarked > 0 || closedMs > Date.parse(draft.now)) return
  Object.assign(session, {
    status: 'completed',
    roll_closed_at: instantToText(closedMs),
    roll_closed_by: session.instructor_id,
  })
  correctSome(draft, meeting, booked)
}

/** Parents call the next day: the office excuses an absence, as a fact beside the instructor's mark. */
const correctSome = (draft: Draft, meeting: Meeting, booked: readonly Booking[]): void => {
  const atMs = Date.parse(meeting.endsAt) + 20 * 60 * minute
  if (atMs > Date.parse(draft.now)) return
  const marks = draft.rows.attendance_marks.slice(-booked.length)
  for (const { student_id } of marks.filter(({ code }) => code === 'absent')) {
    const booking = booked.find((candidate) => candidate.student_id === student_id)
    if (!booking || !draft.random.chance(15)) continue
    mark(draft, { meeting, booking, code: 'excused', source: 'office', atMs, note: 'Mother called: sick.' })
  }
}

interface Coming {
  readonly meeting: Meeting
  readonly booking: Booking
  readonly code: Mark['code']
}

/** Counter and pool side are two truths (U18): a few come past the desk, a few leave before the lesson. */
const comeAndGo = (draft: Draft, { meeting, booking, code }: Coming): void => {
  const { random } = draft
  const isThere = code !== 'absent' && code !== 'excused'
  if (!random.chance(isThere ? 93 : 3)) return
  const startMs = Date.parse(meeting.startsAt)
  checkIn(draft, {
    meeting,
    booking,
    atMs: startMs + (code === 'late' ? random.int(3, 14) : -random.int(1, 24)) * minute,
  })
  const leftMs = code === 'left_early' ? startMs + 20 * minute : Date.parse(meeting.endsAt) + random.int(0, 12) * minute
  if (leftMs <= Date.parse(draft.now) && random.chance(88)) checkOut(draft, { meeting, booking, atMs: leftMs })
}

const arriveSome = (draft: Draft, meeting: Meeting, booked: readonly Booking[]): void => {
  for (const booking of booked) {
    const atMs = Date.parse(meeting.startsAt) - draft.random.int(1, 20) * minute
    if (draft.random.chance(80)) checkIn(draft, { meeting, booking, atMs })
  }
}

interface Happening {
  readonly meeting: Meeting
  readonly booking: Booking
  readonly atMs: number
}

const checkIn = (draft: Draft, happening: Happening): void =>
  addCheckIn(draft, happening, { kind: 'in', guardian_id: null })

const checkOut = (draft: Draft, happening: Happening): void => {
  const { rows } = draft
  const family = rows.family_students.find(({ student_id }) => student_id === happening.booking.student_id)?.family_id
  const guardian = rows.guardians.find(({ family_id }) => family_id === family)
  addCheckIn(draft, happening, { kind: 'out', guardian_id: guardian?.id ?? null })
}

const addCheckIn = (
  { random, rows }: Draft,
  { meeting, booking, atMs }: Happening,
  what: Pick<RowOf<'check_ins'>, 'kind' | 'guardian_id'>,
): void => {
  const { site } = meeting.of
  rows.check_ins.push({
    id: random.id(),
    facility_id: booking.facility_id,
    session_id: booking.session_id,
    student_id: booking.student_id,
    undoes_id: null,
    ...what,
    at: instantToText(atMs),
    hlc: formatHlc({ ms: atMs, counter: 0 }, site.device.id),
    staff_id: random.pick(site.desk).id,
    device_id: site.device.id,
  })
}

const mark = (
  { random, rows }: Draft,
  given: Happening & Pick<Mark, 'code' | 'source'> & { readonly note?: string },
): void => {
  const { meeting, booking, atMs, code, source } = given
  const { site } = meeting.of
  const instructorId = meeting.session.instructor_id ?? random.pick(site.instructors).id
  rows.attendance_marks.push({
    id: random.id(),
    facility_id: booking.facility_id,
    session_id: booking.session_id,
    student_id: booking.student_id,
    code,
    note: given.note ?? (code === 'left_early' ? 'Cold.' : null),
    source,
    at: instantToText(atMs),
    hlc: formatHlc({ ms: atMs, counter: 0 }, site.device.id),
    staff_id: source === 'office' ? random.pick(site.managers).id : instructorId,
    device_id: site.device.id,
  })
}
