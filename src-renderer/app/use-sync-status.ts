import { useSyncExternalStore } from 'react'
import type { SyncStatus } from '../../src-shared/contract/ipc.ts'
import { useDesk } from './desk.ts'
import type { Live } from './live-value.ts'

export const useSyncStatus = (): Live<SyncStatus> => {
  const { syncStatus } = useDesk()
  return useSyncExternalStore(syncStatus.subscribe, syncStatus.current)
}
