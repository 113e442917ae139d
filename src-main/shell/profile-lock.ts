import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { removeRunning } from './running-file.ts'
import { ShellError } from './shell-error.ts'

/** Held until it is released or the program ends. Keep it: what nobody refers to is collected, and with it the lock. */
export interface ProfileLock {
  readonly release: () => void
}

/**
 * Makes this program the only one on a profile, before anything in it is opened; undefined if another one is there.
 * It is SQLite's lock on an empty file of its own, that is one of the operating system: it ends with the program,
 * however that ends, so there are no stale locks and no process numbers to misread.
 */
export const lockProfile = (profileFolder: string): ProfileLock | undefined => {
  try {
    mkdirSync(profileFolder, { recursive: true, mode: 0o700 })
    const lock = takeLock(join(profileFolder, 'lock'))
    // What an earlier holder left when it was killed would lead a second start to a window that is not there.
    if (lock) removeRunning(profileFolder)
    return lock
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ShellError(`The folder ${profileFolder} cannot be used (${reason}): allow it, or choose another one.`)
  }
}

const takeLock = (file: string): ProfileLock | undefined => {
  const database = new Database(file, { timeout: 0 })
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
