import { expect, test } from 'vitest'
import { leaseTime } from '../../../src-main/data/lease-time.ts'
import type { Store } from '../../../src-main/data/store.ts'

const now = '2026-11-21T05:05:00.000Z'
const year = 365 * 24 * 3600

const timeOf = (nowMs: number, ahead: number | null, receivedUpTo?: string): string => {
  // Of the store nothing else is asked.
  const store = { replica: { readState: () => ({ receivedUpTo }) } } as unknown as Store
  return leaseTime(nowMs, { clockAhead: () => ahead }, store)
}

test.each([3 * year, -3 * year])('a clock that is known to be %i seconds ahead is put right (T4)', (ahead) => {
  expect(timeOf(Date.parse(now) + ahead * 1000, ahead)).toBe(now)
})

test('a clock of which nothing is known counts as it is', () => {
  expect(timeOf(Date.parse(now), null)).toBe(now)
  expect(leaseTime(Date.parse(now), undefined, undefined)).toBe(now)
})

test.each([null, 3 * year])(
  'a clock that was set back does not lengthen a lease, with %o known of it (T3)',
  (ahead) => {
    expect(timeOf(Date.parse(now) - year * 1000, ahead, now)).toBe(now)
  },
)
