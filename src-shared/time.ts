import { Temporal } from 'temporal-polyfill'

/** UTC ISO text with milliseconds, such as `2026-11-21T09:00:00.000Z`: the one form of an instant inside Foyer. */
export type InstantText = string
/** `2026-11-21`, a day at the facility. */
export type DateText = string
/** `16:30`, a wall clock time at the facility. */
export type TimeText = string

export const instantToText = (epochMs: number): InstantText => new Date(epochMs).toISOString()

/** The facility's today: its date at `now`, whatever zone this computer is in. */
export const dateAt = (now: InstantText, timeZone: string): DateText =>
  Temporal.Instant.from(now).toZonedDateTimeISO(timeZone).toPlainDate().toString()

/** The wall clock at the facility, `HH:MM`. */
export const timeAt = (now: InstantText, timeZone: string): TimeText =>
  Temporal.Instant.from(now).toZonedDateTimeISO(timeZone).toPlainTime().toString({ smallestUnit: 'minute' })

/** The instant of a local date and time; in a gap or an overlap of daylight saving the "compatible" one. */
export const instantOf = (date: DateText, time: TimeText, timeZone: string): InstantText =>
  instantToText(Temporal.PlainDate.from(date).toZonedDateTime({ timeZone, plainTime: time }).epochMilliseconds)

export const minutesBetween = (from: InstantText, until: InstantText): number =>
  Math.floor((Date.parse(until) - Date.parse(from)) / 60_000)

export const daysBetween = (from: DateText, until: DateText): number =>
  Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(until), { largestUnit: 'day' }).days

export const addDays = (date: DateText, days: number): DateText =>
  Temporal.PlainDate.from(date).add({ days }).toString()

const utcOf = (at: InstantText): Temporal.ZonedDateTime => Temporal.Instant.from(at).toZonedDateTimeISO('UTC')

const units = ['year', 'month', 'day', 'hour', 'minute'] as const

/** From one instant to a later one, rounded to its two largest units: `{ hours: 1, minutes: 30 }`, `{ years: 3 }`. */
export const lengthBetween = (from: InstantText, until: InstantText): Temporal.Duration => {
  const exact = utcOf(from).until(utcOf(until), { largestUnit: 'year' })
  const largest = units.findIndex((unit) => exact[`${unit}s`] !== 0)
  const smallestUnit = units[largest + 1] ?? 'minute'
  return utcOf(from).until(utcOf(until), { largestUnit: 'year', smallestUnit, roundingMode: 'halfExpand' })
}

/** Age in whole years on a day. */
export const ageOn = (birthDate: DateText, date: DateText): number =>
  Temporal.PlainDate.from(birthDate).until(Temporal.PlainDate.from(date), { largestUnit: 'year' }).years
