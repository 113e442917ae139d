import { readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Reserve } from './disk-reserve.ts'
import type { ReplicaWork } from './snapshot/replica-work.ts'
import { databaseFiles, openEncrypted, type OpenOptions, type SqliteDatabase } from './sqlite.ts'
import { syncFolder } from './whole-file.ts'

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
  /** The bytes of any file; undefined when there is none. */
  readonly read: (file: string) => Uint8Array | undefined
  /** Renames a file, so that it stays renamed after a power cut. */
  readonly move: (from: string, to: string) => void
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
  /** Without one, a full disk refuses at once. */
  readonly reserve?: Pick<Reserve, 'release' | 'isMissing'>
  /** A place with a copy of this folder's databases, while those cannot be written. */
  readonly borrow?: (folder: string) => string | undefined
  /** A thread for work on whole replicas; without one it is done in place. */
  readonly work?: ReplicaWork
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
  read(file) {
    try {
      return readFileSync(file)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  },
  move(from, to) {
    renameSync(from, to)
    syncFolder(path.dirname(to))
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
