import type { Bridge } from '../../src-shared/contract/bridge.ts'
import { socketBridge } from './socket-bridge.ts'

declare global {
  interface Window {
    /** Put there by Electron's preload. */
    readonly foyer?: Bridge
  }
}

/** Electron's bridge where there is one, else one over a WebSocket to the browser shell that served this page. */
export const getBridge = (): Bridge =>
  window.foyer ??
  socketBridge({
    connect: () => new WebSocket(`ws://${window.location.host}/bridge`),
    wait: (milliseconds, then) => void setTimeout(then, milliseconds),
  })
