import { addDays } from '../../src-shared/time.ts'
import { enroll, fits, meetsOn, reachDays, type School } from './classes.ts'
import type { Draft, Site } from './draft.ts'
import type { Child } from './people.ts'
import { book, type Calendar, laterBy, type Meeting, placeSession } from './schedule.ts'
import { storyOf } from './story.ts'

interface Stage {
  readonly draft: Draft
  readonly calendar: Calendar
  readonly school: School
  readonly children: readonly Child[]
}

/** Every meeting of the weekly classes over six months, with the bookings of who is enrolled. */
export const draftWeeks = (stage: Stage, site: Site): readonly Meeting[] => {
  const { today } = site
  const { rollClass } = storyOf(site.facility.code)
  const classes = stage.school.classes.filter((of) => of.site === site)
  const dates = Array.from({ length: 2 * reachDays + 1 }, (_, index) => addDays(today, index - reachDays))
  return dates
    .filter((date) => !isHoliday(date))
    .flatMap((date) =>
      classes
        // Today the story has this class already.
        .filter(({ row }) => date !== today || row.name !== rollClass)
        .flatMap((of) =>
          meetsOn(of, date).map((at) =>
            bookEnrolled(stage, placeSession(stage, of, { date, from: at, until: laterBy(at, of.template.minutes) })),
          ),
        ),
    )
}

const isHoliday = (date: string): boolean => ['12-25', '12-26', '01-01'].includes(date.slice(5))

const bookEnrolled = (stage: Stage, meeting: Meeting): Meeting => {
  const { draft, school } = stage
  const { session, of } = meeting
  for (const { child, enrollment, bookedFrom, bookedUntil } of school.places.get(of.row.id) ?? []) {
    // Today the children of the story have the story's sessions, and no others.
    if (child.isInStory && session.date === of.site.today) continue
    if (enrollment.status === 'trial' || bookedFrom > session.date || bookedUntil < session.date) continue
    book(stage, meeting, { child, kind: 'regular', enrollmentId: enrollment.id })
  }
  // Now and then somebody makes up for a lesson missed elsewhere.
  if (draft.random.chance(8)) {
    const guest = draft.random.pick(stage.children)
    const isStranger = !(school.places.get(of.row.id) ?? []).some(({ child }) => child === guest)
    if (isStranger && !guest.isInStory && guest.sites.includes(of.site) && fits(guest, of.template)) {
      book(stage, meeting, { child: guest, kind: 'makeup', enrollmentId: null })
    }
  }
  return meeting
}

/** Days on which clinics run, counted from today: the demo stays full for a while after it was loaded. */
const clinicDays = { from: -3, until: 10 }
const clinicStarts = Array.from({ length: 32 }, (_, index) => laterBy('06:00', index * 30))

/** Clinics from 06:00 to 22:00, one beginning every half hour. */
export const draftClinics = (stage: Stage, site: Site): readonly Meeting[] => {
  const clinics = stage.school.clinics.filter((of) => of.site === site)
  const guests = stage.children.filter((child) => !child.isInStory && child.sites.includes(site))
  const days = Array.from({ length: clinicDays.until - clinicDays.from + 1 }, (_, index) => clinicDays.from + index)
  const busy = sessionsPerDay(stage.draft)
  return days.flatMap((day) =>
    clinicStarts.flatMap((from, index) => {
      const of = clinics[index % clinics.length]
      if (!of) return []
      const date = addDays(site.today, day)
      const meeting = placeSession(stage, of, { date, from, until: laterBy(from, of.template.minutes) })
      bookSome(stage, meeting, { guests, busy })
      return [meeting]
    }),
  )
}

/** How many sessions each child has on each day, by `student date`. */
const sessionsPerDay = ({ rows }: Draft): Map<string, number> => {
  const dates = new Map(rows.sessions.map(({ id, date }) => [id, date]))
  const busy = new Map<string, number>()
  for (const { student_id, session_id } of rows.bookings) {
    const key = `${student_id} ${dates.get(session_id)}`
    busy.set(key, (busy.get(key) ?? 0) + 1)
  }
  return busy
}

interface Guests {
  readonly guests: readonly Child[]
  readonly busy: Map<string, number>
}

/** A few children, those with the emptiest day first: nobody comes to everything. */
const bookSome = (stage: Stage, meeting: Meeting, { guests, busy }: Guests): void => {
  const { random } = stage.draft
  const { date, starts_at, ends_at } = meeting.session
  const when = { date, from: starts_at, until: ends_at }
  const wanted = random.int(2, 5)
  const keyOf = ({ student }: Child): string => `${student.id} ${date}`
  const busyOf = (child: Child): number => busy.get(keyOf(child)) ?? 0
  let count = 0
  for (const child of random.shuffle(guests).toSorted((a, b) => busyOf(a) - busyOf(b))) {
    if (count === wanted) return
    if (!fits(child, meeting.of.template) || !stage.calendar.isFree(child.student.id, when)) continue
    const enrollmentId = clinicEnrollment(stage, meeting, child)
    if (!book(stage, meeting, { child, kind: 'regular', enrollmentId })) continue
    busy.set(keyOf(child), busyOf(child) + 1)
    count += 1
  }
}

/** One enrollment per child and clinic, however often the child comes. */
const clinicEnrollment = ({ draft, school }: Stage, { of }: Meeting, child: Child): string => {
  const place = (school.places.get(of.row.id) ?? []).find((candidate) => candidate.child === child)
  if (place) return place.enrollment.id
  const { today } = of.site
  const dates = { bookedFrom: addDays(today, clinicDays.from), bookedUntil: addDays(today, clinicDays.until) }
  return enroll(draft, { of, school }, { child, status: 'enrolled', ends_on: null, ...dates }).enrollment.id
}
