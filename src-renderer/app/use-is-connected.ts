import { useSyncExternalStore } from 'react'
import { useDesk } from './desk.ts'

/** False while the data process of this computer does not answer the window. */
export const useIsConnected = (): boolean => {
  const { isConnected } = useDesk()
  const live = useSyncExternalStore(isConnected.subscribe, isConnected.current)
  return live.state !== 'ready' || live.data
}
