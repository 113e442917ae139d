import type { Channel } from '../../src-shared/contract/ipc.ts'
import type { Push } from '../../src-shared/contract/push.ts'
import type { Reply } from '../../src-shared/errors.ts'
import type { DataChild } from './data-child.ts'

/** Hands one call of the window to the data process. Always answers. */
export type Call = (channel: Channel, input: unknown) => Promise<Reply<unknown>>

export interface PrintRequest {
  readonly pdf: Uint8Array
  readonly paper: 'a4' | '80mm'
}

/** What differs between the installed program (Electron) and the browser on the same machine. */
export interface Shell {
  /** 32 random bytes, base64url, that never leave this computer. Made at the first start and never made again. */
  readonly readSecret: () => Promise<string>
  /** Starts the program that owns the data; it has not got its start options yet. */
  readonly startDataChild: () => DataChild
  /** Serves the window's files and carries its calls, from now on. */
  readonly serve: (call: Call) => Promise<void>
  /** Opens the window, or says where it can be opened. */
  readonly openWindow: () => Promise<void>
  readonly push: (push: Push) => void
  /** True when a printer took it. */
  readonly print: (request: PrintRequest) => Promise<boolean>
  /** Looks for a newer version, where the shell can install one. */
  readonly checkForUpdates: () => void
  readonly close: () => Promise<void>
}
