import { Temporal } from 'temporal-polyfill'
import { checkInWindow } from '../../src-shared/rules/check-in-window.ts'
import { dateAt, instantOf, instantToText, timeAt } from '../../src-shared/time.ts'
import { enroll, findClass, fits, livesOnlyAt, type School } from './classes.ts'
import type { Draft, RowOf, Site } from './draft.ts'
import type { Child } from './people.ts'
import { book, type Calendar, earlierBy, laterBy, type Meeting, placeSession, type When } from './schedule.ts'
import { storyOf } from './story.ts'

interface Stage {
  readonly draft: Draft
  readonly calendar: Calendar
  readonly school: School
  readonly children: readonly Child[]
}

/** Minutes from now at which the story would like to begin, best first: soon, yet early enough to check in. */
const wishes = [10, 5, 0, 15, -5, 20, -10, 25, 30, 35, 40, 45, -15]
/** The shortest session that is left when midnight is near. */
const shortestMinutes = 14

/** When the story's sessions of today are: around now, on today's date, wholly within it, with check-in open. */
export const timeAroundNow = (now: string, facility: RowOf<'facilities'>, minutes: number): When => {
  const zone = facility.time_zone
  const nowMs = Temporal.Instant.from(now).epochMilliseconds
  const wished = wishes.map((wish) => nowMs + wish * minuteMs)
  // People begin at full five minutes; where none is left, as on the night that has an hour twice, at any minute.
  const grid = [
    ...wished.map((ms) => Math.ceil(ms / fiveMinutesMs) * fiveMinutesMs),
    ...wished.map((ms) => Math.floor(ms / minuteMs) * minuteMs),
  ]
  for (const start of grid.map(instantToText)) {
    const date = dateAt(start, zone)
    const from = timeAt(start, zone)
    const until = laterBy(from, minutes)
    // By the wall clock again: in the hour that daylight saving repeats, a time means its first occurrence.
    const window = checkInWindow(instantOf(date, from, zone), now, facility)
    const isOpen = window === 'open' || window === 'late'
    if (date === dateAt(now, zone) && isOpen && minutesLeft(from) >= shortestMinutes) return { date, from, until }
  }
  throw new Error(`No session fits around ${now}.`)
}

const minuteMs = 60_000
const fiveMinutesMs = 5 * minuteMs

/** Of the day, from a time of day on. */
const minutesLeft = (time: string): number => 24 * 60 - 1 - Number(time.slice(0, 2)) * 60 - Number(time.slice(3))

/** The sessions that JOURNEYS J1 and J2 tell of: a roll of twelve, and one session for each child of a family of three. */
export const draftStory = (stage: Stage, site: Site): readonly Meeting[] => {
  const { draft, school, children } = stage
  const story = storyOf(site.facility.code)
  const meet = (name: string): Meeting => {
    const of = findClass(school, site, name)
    return placeSession(stage, of, timeAroundNow(draft.now, site.facility, of.template.minutes))
  }
  const roll = meet(story.rollClass)
  keepFreeBefore(stage.calendar, roll)
  const makeUp = meet('Basketball Under 12')
  const third = meet('Mini hoops')
  const [, second] = children.filter((child) => child.isInStory && child.sites.includes(site))
  if (!second) throw new Error('The story has no second child.')

  bookRegulars(stage, roll)
  bookGuests(stage, roll)
  book(stage, makeUp, { child: second, kind: 'makeup', enrollmentId: null })
  bookRegulars(stage, makeUp)
  bookRegulars(stage, third)
  return [roll, makeUp, third]
}

/** The instructor comes from nothing else, so that this roll is the one that is on: no class is as long as that. */
const freeMinutes = 90

const keepFreeBefore = (calendar: Calendar, { session }: Meeting): void => {
  const { instructor_id, date, starts_at } = session
  if (instructor_id) calendar.take(instructor_id, { date, from: earlierBy(starts_at, freeMinutes), until: starts_at })
}

const bookRegulars = (stage: Stage, meeting: Meeting): void => {
  const { date } = meeting.session
  for (const { child, enrollment, bookedFrom, bookedUntil } of stage.school.places.get(meeting.of.row.id) ?? []) {
    if (bookedFrom > date || bookedUntil < date) continue
    book(stage, meeting, { child, kind: 'regular', enrollmentId: enrollment.id })
  }
}

/** A make-up and a trial make the roll twelve. */
const bookGuests = (stage: Stage, roll: Meeting): void => {
  const { draft, school, children } = stage
  const { site, row, template } = roll.of
  const onRoll = new Set((school.places.get(row.id) ?? []).map(({ child }) => child))
  const [makeUp, trial] = draft.random.shuffle(
    children.filter(
      (child) => !child.isInStory && !onRoll.has(child) && livesOnlyAt(child, site) && fits(child, template),
    ),
  )
  if (!makeUp || !trial) throw new Error(`Too few children at ${site.facility.name} for a roll of twelve.`)
  const { today } = site
  const { enrollment } = enroll(
    draft,
    { of: roll.of, school },
    // Only today's session, which is booked here.
    { child: trial, status: 'trial', bookedFrom: today, bookedUntil: today, ends_on: today },
  )
  book(stage, roll, { child: makeUp, kind: 'makeup', enrollmentId: null })
  book(stage, roll, { child: trial, kind: 'trial', enrollmentId: enrollment.id })
}
