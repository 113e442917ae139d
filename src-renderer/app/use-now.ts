import { useSyncExternalStore } from 'react'
import type { InstantText } from '../../src-shared/time.ts'
import { useDesk } from './desk.ts'

/** The start of the current minute, UTC. All components see the same one, so that they share their queries. */
export const useNow = (): InstantText => {
  const { clock } = useDesk()
  return useSyncExternalStore(clock.subscribe, clock.current)
}
