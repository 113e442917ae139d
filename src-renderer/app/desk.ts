import { createContext, useContext } from 'react'
import type { AppState, SyncStatus } from '../../src-shared/contract/ipc.ts'
import type { Bridge } from '../../src-shared/contract/bridge.ts'
import { call } from './bridge-call.ts'
import { watchConnection } from './connection.ts'
import { createLiveReads, type LiveReads } from './live-reads.ts'
import { createLiveValue, type LiveValue } from './live-value.ts'
import { createMinuteClock, type MinuteClock } from './minute-clock.ts'
import { createEscapeStack, type EscapeStack } from './escape-stack.ts'

/** What the window has: the bridge and the few things that live as long as the window does. */
export interface Desk {
  readonly bridge: Bridge
  readonly reads: LiveReads
  readonly appState: LiveValue<AppState>
  readonly syncStatus: LiveValue<SyncStatus>
  readonly clock: MinuteClock
  /** Whether the data process of this computer answers. */
  readonly isConnected: LiveValue<boolean>
  readonly escapes: EscapeStack
  /** Called when the list of print jobs has changed. */
  readonly onPrintJobs: (listener: () => void) => () => void
}

export const createDesk = (shellBridge: Bridge): Desk => {
  const { bridge, isConnected } = watchConnection(shellBridge)
  const reads = createLiveReads(bridge)
  const appState = createLiveValue(() => call(bridge, 'app.state', null))
  const syncStatus = createLiveValue(() => call(bridge, 'sync.status', null))
  const printListeners = new Set<() => void>()
  let signedIn: string | undefined

  appState.subscribe(() => {
    const live = appState.current()
    const now = live.state === 'ready' ? JSON.stringify([live.data.stage, live.data.session]) : undefined
    if (now !== signedIn) reads.reset()
    signedIn = now
  })
  bridge.onPush((pushed) => {
    if (pushed.push === 'tables-changed') reads.tablesChanged(pushed.data.tables)
    else if (pushed.push === 'app-state') appState.set(pushed.data)
    else if (pushed.push === 'sync-status') syncStatus.set(pushed.data)
    else for (const listener of printListeners) listener()
  })
  void appState.load()
  void syncStatus.load()

  return {
    bridge,
    reads,
    appState,
    syncStatus,
    isConnected,
    clock: createMinuteClock(),
    escapes: createEscapeStack(),
    onPrintJobs: (listener) => {
      printListeners.add(listener)
      return () => printListeners.delete(listener)
    },
  }
}

export const DeskContext = createContext<Desk | undefined>(undefined)

export const useDesk = (): Desk => {
  const desk = useContext(DeskContext)
  if (!desk) throw new Error('A component is outside of DeskContext')
  return desk
}
