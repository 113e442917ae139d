import { useCallback } from 'react'
import { call } from './bridge-call.ts'
import { useDesk } from './desk.ts'

/** Locks the window. What was saved stays on this computer and goes on being sent. */
export const useSignOut = (): (() => Promise<void>) => {
  const { bridge, appState } = useDesk()
  return useCallback(async () => {
    const reply = await call(bridge, 'session.sign_out', null)
    if (reply.ok) appState.set(reply.value)
  }, [bridge, appState])
}
