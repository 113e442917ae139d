import { expect, test } from 'vitest'
import { checkInWindow } from '../../src-shared/rules/check-in-window.ts'

const policy = { check_in_opens_minutes: 30, check_in_closes_minutes: 15 }
const startsAt = '2026-11-21T05:30:00.000Z'

test.each([
  ['2026-11-21T04:59:59.000Z', 'early'],
  ['2026-11-21T05:00:00.000Z', 'open'],
  ['2026-11-21T05:30:59.000Z', 'open'],
  ['2026-11-21T05:31:00.000Z', 'late'],
  ['2026-11-21T05:45:59.000Z', 'late'],
  ['2026-11-21T05:46:00.000Z', 'over'],
] as const)('at %s the check-in for 05:30 is %s', (now, window) => {
  expect(checkInWindow(startsAt, now, policy)).toBe(window)
})
