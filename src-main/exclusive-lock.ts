import { chmodSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { isReadOnlyFolder } from './read-only-folder.ts'

/** Held until it is released or the program ends. Keep it: what nobody refers to is collected, and with it the lock. */
export interface ExclusiveLock {
  readonly release: () => void
}

/**
 * Locks a file of its own, waiting up to so many milliseconds; undefined if another program has it. It is SQLite's lock
 * on an empty database, that is one of the operating system: it ends with the program, however that ends, so there are
 * no stale locks and no process numbers to misread. In a folder that nobody can write there is nothing to lock.
 */
export const takeLock = (file: string, waitMs: number): ExclusiveLock | undefined => {
  if (isReadOnlyFolder(path.dirname(file))) return { release: () => undefined }
  const database = new Database(file, { timeout: waitMs })
  try {
    // Nothing is ever written, so nothing needs a journal on the disk.
    database.pragma('journal_mode = memory')
    // Not `exclusive`: of two that come at the same moment each would stop the other, and nobody would have it.
    database.exec('begin immediate')
    chmodSync(file, 0o600)
  } catch (error) {
    database.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined
    throw error
  }
  return { release: () => void database.close() }
}
