import { rmSync } from 'node:fs'
import { databaseFiles, openEncrypted, type OpenOptions, type SqliteDatabase } from './sqlite.ts'

export interface Clock {
  /** Epoch ms; may be off by years and may jump. */
  readonly now: () => number
  /** Does the work once, after so many milliseconds; the answer calls it off. */
  readonly after: (milliseconds: number, work: () => void) => () => void
}

export interface Disk {
  readonly open: (file: string, options: OpenOptions) => SqliteDatabase
  /** Deletes a database with its log; nothing happens where there is none. */
  readonly remove: (file: string) => void
}

/**
 * All that the engine has from outside. It comes in as an argument, so that the very same code runs at a counter and
 * under a simulated clock, network and disk.
 */
export interface Environment {
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** For ids. */
  readonly bytes: (count: number) => Uint8Array
  readonly fetch: typeof fetch
  readonly disk: Disk
}

const systemClock: Clock = {
  now: Date.now,
  after(milliseconds, work) {
    // What waits is no reason for a program to go on.
    const timer = setTimeout(work, milliseconds).unref()
    return () => clearTimeout(timer)
  },
}

const systemDisk: Disk = {
  open: openEncrypted,
  remove(file) {
    for (const each of databaseFiles(file)) rmSync(each, { force: true })
  },
}

/** Of this computer. */
export const systemEnvironment: Environment = {
  clock: systemClock,
  random: Math.random,
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  fetch: (input, init) => fetch(input, init),
  disk: systemDisk,
}
