import fc from 'fast-check'
import { v7 } from 'uuid'
import { describe, expect, test } from 'vitest'
import { clampHlc, formatHlc, maxHlcAheadMs, parseHlc, tickHlc } from '../../../src-shared/hlc.ts'
import { isMutationId, rowIdsOf, toMutationId } from '../../../src-shared/ids.ts'
import { ageOn, dateAt, daysBetween, instantOf, timeAt } from '../../../src-shared/time.ts'

const device = '0199e0de-0000-7000-8000-0123456789ab'
const ms = fc.integer({ min: 0, max: Date.UTC(2100, 0) })

describe('ids of rows', () => {
  test('are the same at every rerun, distinct, and carry their mutation', () => {
    const mutation = toMutationId(v7())
    const ids = (): string[] => {
      const next = rowIdsOf(mutation)
      return [next(), next(), next()]
    }

    expect(isMutationId(mutation)).toBe(true)
    expect(ids()).toEqual(ids())
    expect(new Set(ids()).size).toBe(3)
    for (const id of ids()) expect(id.slice(0, -3)).toBe(mutation.slice(0, -3))
  })

  test('run out before they repeat', () => {
    const next = rowIdsOf(toMutationId(v7()))
    for (let count = 0; count < 0xfff; count += 1) next()

    expect(next).toThrow('More than 4095 rows')
  })
})

describe('the hybrid clock', () => {
  test('moves forward whatever the wall clock does, and sorts as text', () => {
    fc.assert(
      fc.property(fc.array(ms, { minLength: 2, maxLength: 30 }), (wallClock) => {
        let last = { ms: 0, counter: 0 }
        let text = formatHlc(last, device)
        for (const now of wallClock) {
          last = tickHlc(last, now)
          const next = formatHlc(last, device)
          expect(next > text).toBe(true)
          expect(parseHlc(next)).toEqual(last)
          text = next
        }
      }),
    )
  })

  test('of a device years ahead counts as a minute ahead (T1)', () => {
    const now = Date.UTC(2026, 10, 21)
    const ahead = formatHlc({ ms: Date.UTC(2036, 0), counter: 3 }, device)

    expect(parseHlc(clampHlc(ahead, now)).ms).toBe(now + maxHlcAheadMs)
    expect(clampHlc(formatHlc({ ms: now, counter: 3 }, device), now)).toBe(formatHlc({ ms: now, counter: 3 }, device))
  })
})

describe('the facility’s time (T2)', () => {
  test('is its own, whatever zone this computer is in', () => {
    expect(dateAt('2026-11-21T13:30:00.000Z', 'Australia/Melbourne')).toBe('2026-11-22')
    expect(timeAt('2026-11-21T13:30:00.000Z', 'Australia/Melbourne')).toBe('00:30')
    expect(dateAt('2026-11-21T13:30:00.000Z', 'Asia/Kolkata')).toBe('2026-11-21')
  })

  test.each([
    ['before daylight saving begins', '2026-10-04', '01:30', '2026-10-03T15:30:00.000Z'],
    ['in the hour that does not exist', '2026-10-04', '02:30', '2026-10-03T16:30:00.000Z'],
    ['after daylight saving began', '2026-10-04', '03:30', '2026-10-03T16:30:00.000Z'],
    ['in the hour that comes twice', '2026-04-05', '02:30', '2026-04-04T15:30:00.000Z'],
  ])('%s', (_when, date, time, instant) => {
    expect(instantOf(date, time, 'Australia/Melbourne')).toBe(instant)
  })

  test('counts ages and days by the calendar', () => {
    expect(ageOn('2020-02-29', '2026-02-28')).toBe(5)
    expect(ageOn('2020-02-29', '2026-03-01')).toBe(6)
    expect(daysBetween('2026-10-03', '2026-10-05')).toBe(2)
  })
})
