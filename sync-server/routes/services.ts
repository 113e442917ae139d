import type { Logger } from 'pino'
import type { Attempts } from '../auth/attempts.ts'
import type { DeviceReader } from '../auth/devices.ts'
import type { ServerKeys } from '../auth/keys.ts'
import type { Db } from '../db/tx.ts'
import type { Config } from '../config.ts'
import type { EpochKeeper } from '../epoch.ts'
import type { Counters } from '../counters.ts'
import type { DeviceWatch } from '../device-watch.ts'
import type { Comparer } from '../digests/compare.ts'
import type { InTurn } from '../in-turns.ts'
import type { Metrics } from '../metrics.ts'
import type { LogReader } from '../shapes/log-reader.ts'
import type { LogWaiters } from '../shapes/log-waiters.ts'

/** What the routes are made of. */
export interface Services {
  readonly config: Config
  readonly db: Db
  readonly keys: ServerKeys
  readonly log: Logger
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly waiters: LogWaiters
  readonly logs: LogReader
  readonly readDevice: DeviceReader
  readonly attempts: { readonly codes: Attempts; readonly passwords: Attempts }
  readonly metrics: Metrics
  readonly counters: Counters
  readonly devices: DeviceWatch
  readonly comparer: Comparer
  readonly epoch: EpochKeeper
  readonly inTurn: InTurn
  /** Whether the server still takes work: it is not going down. */
  readonly isReady: () => boolean
}
