import { describe, expect, test } from 'vitest'
import { clockTexts, serverTime } from '../../../src-renderer/texts/clock.ts'

const place = { locale: 'en-AU', time_zone: 'Australia/Melbourne' }
/** 16:05 in Melbourne. */
const now = '2026-11-21T05:05:00.000Z'
const wrong = (seconds: number) => clockTexts({ clock_ahead_seconds: seconds, problem: null }, now, place)
const hour = 3600
const day = 24 * hour

describe('a wrong clock (T4)', () => {
  test.each([
    [60 + 90, '3 minutes ahead'],
    [hour, '1 hour ahead'],
    [-hour, '1 hour behind'],
    [hour - 2, '1 hour ahead'],
    [1.5 * hour, '1 hour, 30 minutes ahead'],
    [3 * hour + 7, '3 hours ahead'],
    [day, '1 day ahead'],
    [-2 * day - 5 * hour, '2 days, 5 hours behind'],
    [40 * day, '1 month, 9 days ahead'],
    [365 * day, '1 year ahead'],
    [3 * 365 * day - 3, '3 years ahead'],
    [-9822 * day, '26 years, 11 months behind'],
  ])('of %d seconds is told as %s', (seconds, length) => {
    expect(wrong(seconds)?.title).toBe(`The clock of this computer is ${length}.`)
  })

  test('is told with what it does, and what to do', () => {
    expect(wrong(3 * hour)?.body).toBe(
      'What you do is saved and sent, but with a wrong time. Set the right date and time.',
    )
  })

  test('of another day at the facility is told with that too', () => {
    expect(wrong(17 * hour)?.body).toContain('today’s lists are of another day')
    expect(wrong(16 * hour)?.body).not.toContain('another day')
  })

  test('is suspected where the certificate of the server does not hold by it', () => {
    const problem = { code: 'unavailable', message: '', details: { certificate: 'not_now' } } as const

    const told = clockTexts({ clock_ahead_seconds: null, problem }, now, place)

    expect(told?.title).toBe('The date of this computer may be wrong.')
  })

  test('is nothing to speak of while it is right, with the line or without', () => {
    const problem = { code: 'unavailable', message: '', details: {} } as const

    expect(clockTexts({ clock_ahead_seconds: null, problem: null }, now, place)).toBeUndefined()
    expect(clockTexts({ clock_ahead_seconds: null, problem }, now, place)).toBeUndefined()
  })

  test('does not hide what time it is', () => {
    expect(serverTime(now, 3 * hour)).toBe('2026-11-21T02:05:00.000Z')
    expect(serverTime(now, -60)).toBe('2026-11-21T05:06:00.000Z')
  })
})
