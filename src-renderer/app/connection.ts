import type { Bridge } from '../../src-shared/contract/bridge.ts'
import { isWindowAlone } from './bridge-call.ts'
import { createLiveValue, type LiveValue } from './live-value.ts'

/** A bridge that notes with every answer whether the data process is there. */
export interface WatchedBridge {
  readonly bridge: Bridge
  /** False while the window is alone. */
  readonly isConnected: LiveValue<boolean>
}

export const watchConnection = (bridge: Bridge): WatchedBridge => {
  const isConnected = createLiveValue<boolean>(() => Promise.resolve({ ok: true, value: true }))
  const note = (connected: boolean): void => {
    const live = isConnected.current()
    if (live.state !== 'ready' || live.data !== connected) isConnected.set(connected)
  }

  bridge.onPush(() => note(true))
  return {
    isConnected,
    bridge: {
      onPush: bridge.onPush,
      invoke: async (channel, input) => {
        const reply = await bridge.invoke(channel, input)
        note(!isWindowAlone(channel, reply))
        return reply
      },
    },
  }
}
