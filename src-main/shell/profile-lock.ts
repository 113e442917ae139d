import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { takeLock, type ExclusiveLock } from '../exclusive-lock.ts'
import { removeRunning } from './running-file.ts'
import { ShellError } from './shell-error.ts'

/** Makes this program the only one on a profile, before anything in it is opened; undefined if another one is there. */
export const lockProfile = (profileFolder: string): ExclusiveLock | undefined => {
  try {
    mkdirSync(profileFolder, { recursive: true, mode: 0o700 })
    const lock = takeLock(join(profileFolder, 'lock'), 0)
    // What an earlier holder left when it was killed would lead a second start to a window that is not there.
    if (lock) removeRunning(profileFolder)
    return lock
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ShellError(`The folder ${profileFolder} cannot be used (${reason}): allow it, or choose another one.`)
  }
}
