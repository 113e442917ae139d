import { type InstantText, minutesBetween } from '../time.ts'

/**
 * Where `now` is with respect to a session's check-in window: before it, open before the start, open but late, or over.
 * The facility says how many minutes around the start it is open (J1, ic1).
 */
export type CheckInWindow = 'early' | 'open' | 'late' | 'over'

interface Policy {
  readonly check_in_opens_minutes: number
  readonly check_in_closes_minutes: number
}

export const checkInWindow = (startsAt: InstantText, now: InstantText, policy: Policy): CheckInWindow => {
  const afterStart = minutesBetween(startsAt, now)
  if (afterStart < -policy.check_in_opens_minutes) return 'early'
  if (afterStart > policy.check_in_closes_minutes) return 'over'
  return afterStart > 0 ? 'late' : 'open'
}
