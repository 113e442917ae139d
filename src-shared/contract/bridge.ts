import type { Reply } from '../errors.ts'
import type { Channel } from './ipc.ts'
import type { Push } from './push.ts'

/**
 * All that the window has of the rest. Electron's preload provides it as `window.foyer`; in a browser
 * src-renderer/app/bridge.ts makes it over a WebSocket.
 */
export interface Bridge {
  /** Always answers, never rejects: what goes wrong comes as a reply with `ok: false`. */
  readonly invoke: (channel: Channel, input: unknown) => Promise<Reply<unknown>>
  /** Returns what ends the listening. */
  readonly onPush: (listener: (push: Push) => void) => () => void
}

/** What the two sides of Electron's bridge call their messages. */
export const bridgeMessages = { invoke: 'foyer:invoke', push: 'foyer:push' } as const
