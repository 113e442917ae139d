import type { SeededDevice } from './seed.ts'

export interface LoadDevice extends SeededDevice {
  readonly url: string
  readonly token: string
  /** What it has sent in an earlier run. */
  readonly lastSeq: number
}

/** What the process that plays the devices is told. */
export type LoadOrder =
  | { readonly kind: 'follow'; readonly devices: readonly LoadDevice[] }
  | { readonly kind: 'write'; readonly perSecond: number; readonly seconds: number }

/** Milliseconds. */
export interface Latencies {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface WriteResult {
  readonly writes: number
  readonly perSecond: number
  /** From the begin of the POST until the answer is there. */
  readonly answered: Latencies
  /** From the begin of the POST until a device has the change. */
  readonly shown: Latencies
  /** How late the process of the devices was itself. */
  readonly late: Latencies
  /** Changes that a device did not get. */
  readonly missing: number
  /** How often a request failed, by what it failed with. */
  readonly failures: Readonly<Record<string, number>>
}

/** What it answers. */
export type LoadAnswer = { readonly kind: 'held' } | { readonly kind: 'written'; readonly result: WriteResult }
