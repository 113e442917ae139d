import { dateAt, type InstantText } from '../../src-shared/time.ts'

/** How people at the facility write times and days. */
export interface Place {
  readonly locale: string
  readonly time_zone: string
}

const format = (at: InstantText, { locale, time_zone }: Place, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(locale, { ...options, timeZone: time_zone }).format(new Date(at))

/** `14:02`, the wall clock of the facility. */
export const clockText = (at: InstantText, place: Place): string =>
  format(at, place, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

/** `14:02` today, `Tue 3 Nov, 14:02` on another day. */
export const momentText = (at: InstantText, now: InstantText, place: Place): string =>
  dateAt(at, place.time_zone) === dateAt(now, place.time_zone)
    ? clockText(at, place)
    : `${format(at, place, { weekday: 'short', day: 'numeric', month: 'short' })}, ${clockText(at, place)}`

/** `14:02:11` today, `Tue 3 Nov, 14:02:11` on another day. */
export const secondText = (at: InstantText, now: InstantText, place: Place): string => {
  const time = format(at, place, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
  return dateAt(at, place.time_zone) === dateAt(now, place.time_zone)
    ? time
    : `${format(at, place, { weekday: 'short', day: 'numeric', month: 'short' })}, ${time}`
}

/** `Tuesday 3 November` of a date such as `2026-11-03`. */
export const dayText = (date: string, locale: string): string =>
  new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' }).format(
    new Date(`${date}T00:00:00Z`),
  )

/** `3 Nov 2026, 14:02` as this computer writes it, where no facility is known. */
export const hereText = (at: InstantText): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at))
