import { useSyncExternalStore } from 'react'
import type { AppState, SessionState } from '../../src-shared/contract/ipc.ts'
import type { Permission } from '../../src-shared/permissions.ts'
import { useDesk } from './desk.ts'
import type { Live } from './live-value.ts'

export const useAppState = (): Live<AppState> => {
  const { appState } = useDesk()
  return useSyncExternalStore(appState.subscribe, appState.current)
}

/** Who is signed in and where. Only for what is shown while somebody is. */
export const useSession = (): SessionState => {
  const live = useAppState()
  if (live.state !== 'ready' || !live.data.session) throw new Error('Nobody is signed in')
  return live.data.session
}

export const useMay = (): ((permission: Permission) => boolean) => {
  const { permissions } = useSession()
  return (permission) => permissions.includes(permission)
}
