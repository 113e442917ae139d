import { decodeJwt } from 'jose'
import { type InstantText, instantToText } from '../../src-shared/time.ts'
import type { KnownStaff } from './device/profile.ts'
import type { Store } from './store.ts'
import type { MeasuredServer } from './sync/server.ts'

/**
 * By what a lease is judged: the clock of this computer, put right by what the server's answers say of it (FAULTS T4), and never
 * behind the server: a clock that was set back does not lengthen a lease (T3).
 */
export const leaseTime = (
  nowMs: number,
  server: Pick<MeasuredServer, 'clockAhead'> | undefined,
  store: Pick<Store, 'replica'> | undefined,
): InstantText => {
  const now = instantToText(nowMs - (server?.clockAhead() ?? 0) * 1000)
  const seen = store?.replica.readState().receivedUpTo
  return seen !== undefined && seen > now ? seen : now
}

const dayMs = 24 * 3600 * 1000

/** Whether a local unlock asks the server for a new one: after a day, however long leases are, and in the last. */
export const isOldLease = ({ lease, lease_not_after }: KnownStaff, now: InstantText): boolean => {
  const nowMs = Date.parse(now)
  return nowMs - (decodeJwt(lease).iat ?? 0) * 1000 > dayMs || Date.parse(lease_not_after) - nowMs < dayMs
}
