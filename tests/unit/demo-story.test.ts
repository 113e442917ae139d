import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { demoAcademy } from '../../build/demo/academy.ts'
import type { RowOf } from '../../build/demo/draft.ts'
import { timeAroundNow } from '../../build/demo/story-sessions.ts'
import { demoStories } from '../../build/demo/story.ts'
import { checkInWindow } from '../../src-shared/rules/check-in-window.ts'
import { phaseOf } from '../../src-shared/rules/sessions.ts'
import { addDays, dateAt, instantOf, timeAt } from '../../src-shared/time.ts'
import { byId, noon, outstandingOf, zone } from '../support/demo-rows.ts'

const academy = demoAcademy(noon)

const clocks = [
  ['at noon', noon],
  ['at three in the morning', '2026-11-20T16:00:00.000Z'],
  ['at midnight', '2026-11-20T13:00:00.000Z'],
  ['ten minutes before midnight', '2026-11-21T12:50:00.000Z'],
  ['in the last minute of a day', '2026-11-21T12:59:59.999Z'],
  ['before the hour that daylight saving skips', '2026-10-03T15:50:00.000Z'],
  ['in the hour that daylight saving repeats', '2026-04-04T16:20:00.000Z'],
  ['on Christmas Day', '2026-12-24T21:00:00.000Z'],
  ['on the last day of February of a leap year', '2028-02-29T05:00:00.000Z'],
  ['on the first of a month', '2027-01-01T02:00:00.000Z'],
] as const

describe.each(clocks)('loaded %s', (_when, now) => {
  const rows = now === noon ? academy : demoAcademy(now)
  const date = dateAt(now, zone)
  const classes = byId(rows.classes)
  const todayAt = (facility: RowOf<'facilities'>) =>
    rows.sessions.filter((session) => session.facility_id === facility.id && session.date === date)

  test.each(demoStories)('$facilityCode has a roll of twelve that starts about now', (story) => {
    const facility = rows.facilities.find(({ code }) => code === story.facilityCode)
    expect.assert(facility)

    const rolls = todayAt(facility).filter(({ class_id }) => classes.get(class_id)?.name === story.rollClass)
    const booked = rows.bookings.filter(({ session_id }) => session_id === rolls[0]?.id)

    expect(rolls).toHaveLength(1)
    expect(booked.map(({ kind }) => kind).toSorted()).toEqual([
      'makeup',
      ...Array.from({ length: 10 }, () => 'regular'),
      'trial',
    ])
    expect(rows.attendance_marks.filter(({ session_id }) => session_id === rolls[0]?.id)).toEqual([])
  })

  test.each(demoStories)('$facilityCode has that roll first among what its instructor has on', (story) => {
    const facility = rows.facilities.find(({ code }) => code === story.facilityCode)
    expect.assert(facility)

    const ofToday = todayAt(facility)
    const roll = ofToday.find(({ class_id }) => classes.get(class_id)?.name === story.rollClass)
    const earlier = ofToday.filter(
      (session) =>
        session.instructor_id === roll?.instructor_id &&
        phaseOf(session, timeAt(now, zone)) === 'now' &&
        session.starts_at < (roll?.starts_at ?? ''),
    )

    expect(earlier).toEqual([])
  })

  test.each(demoStories)('$facilityCode has a family of three whose check-in is open, and who owe', (story) => {
    const facility = rows.facilities.find(({ code }) => code === story.facilityCode)
    const family = rows.families.find(({ name }) => name === story.family)
    const children = rows.students.filter(({ last_name }) => last_name === story.family)
    expect.assert(facility && family)

    const sessions = todayAt(facility)
    const open = children.map((child) =>
      rows.bookings.filter((booking) => {
        const session = sessions.find(({ id }) => id === booking.session_id)
        if (!session || booking.student_id !== child.id) return false
        const startsAt = instantOf(session.date, session.starts_at, session.time_zone)
        return ['open', 'late'].includes(checkInWindow(startsAt, now, facility))
      }),
    )
    const hasCome = open
      .flat()
      .some(({ session_id, student_id }) =>
        rows.check_ins.some((event) => event.session_id === session_id && event.student_id === student_id),
      )
    const owed = outstandingOf(rows).filter(({ invoice, left }) => invoice.family_id === family.id && left > 0)

    expect(children.map(({ first_name }) => first_name)).toEqual(story.children)
    expect(open.map((own) => own.length)).toEqual([1, 1, 1])
    expect(open.flat().some(({ kind }) => kind === 'makeup')).toBe(true)
    expect(hasCome).toBe(false)
    expect(owed.map(({ left, invoice }) => [left, invoice.due_on])).toEqual([
      [story.owes, addDays(date, -story.overdueDays)],
    ])
  })

  test('has a session every half hour from six to ten at both facilities', () => {
    for (const facility of rows.facilities) {
      const starts = new Set(todayAt(facility).map(({ starts_at }) => starts_at))
      for (let half = 12; half < 44; half += 1) {
        const time = `${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`
        expect(starts).toContain(time)
      }
    }
  })

  test('crosses no midnight, and tells nothing of the future', () => {
    expect(rows.sessions.filter(({ starts_at, ends_at }) => starts_at >= ends_at)).toEqual([])
    expect(rows.check_ins.filter(({ at }) => at > now)).toEqual([])
    expect(rows.attendance_marks.filter(({ at }) => at > now)).toEqual([])
    expect(rows.payments.filter(({ at }) => at > now)).toEqual([])
    expect(rows.payment_voids.filter(({ at }) => at > now)).toEqual([])
    expect(rows.sessions.filter(({ roll_closed_at }) => roll_closed_at !== null && roll_closed_at > now)).toEqual([])
    expect(rows.invoices.filter(({ issued_on }) => issued_on > date)).toEqual([])
    expect(rows.students.filter(({ birth_date }) => birth_date > date)).toEqual([])
  })
})

test('there is a time for the story at any instant of the year', () => {
  const [facility] = academy.facilities
  expect.assert(facility)
  const from = Date.parse('2026-01-01T00:00:00.000Z')

  fc.assert(
    fc.property(fc.integer({ min: 0, max: 730 * 24 * 60 * 60 }), (seconds) => {
      const now = new Date(from + seconds * 1000).toISOString()
      const when = timeAroundNow(now, facility, 30)
      const startsAt = instantOf(when.date, when.from, zone)
      return (
        when.date === dateAt(now, zone) &&
        when.from < when.until &&
        ['open', 'late'].includes(checkInWindow(startsAt, now, facility)) &&
        timeAt(now, zone) <= when.until
      )
    }),
    { numRuns: 1000 },
  )
})
