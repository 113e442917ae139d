import type { InstantText } from '../../src-shared/time.ts'
import { serverTime } from '../texts/clock.ts'
import { useNow } from './use-now.ts'
import { useSyncStatus } from './use-sync-status.ts'

/** The current minute by the server, where it is known that the clock of this computer is wrong. */
export const useServerTime = (): InstantText => {
  const now = useNow()
  const status = useSyncStatus()
  return serverTime(now, (status.state === 'ready' && status.data.clock_ahead_seconds) || 0)
}
