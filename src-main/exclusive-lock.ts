import { chmodSync } from 'node:fs'
import Database from 'better-sqlite3'

/** Held until it is released or the program ends. Keep it: what nobody refers to is collected, and with it the lock. */
export interface ExclusiveLock {
  readonly release: () => void
}

/**
 * Locks a file of its own, waiting up to so many milliseconds; undefined if another program has it. It is SQLite's lock
 * on an empty database, that is one of the operating system: it ends with the program, however that ends, so there are
 * no stale locks and no process numbers to misread.
 */
export const takeLock = (file: string, waitMs: number): ExclusiveLock | undefined => {
  const database = new Database(file, { timeout: waitMs })
  try {
    // Nothing is ever written, so nothing needs a journal on the disk.
    database.pragma('journal_mode = memory')
    database.exec('begin exclusive')
    chmodSync(file, 0o600)
  } catch (error) {
    database.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined
    throw error
  }
  return { release: () => void database.close() }
}
