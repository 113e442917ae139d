import { spawnSync } from 'node:child_process'
import { chownSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { User } from './desk-process.ts'

/** Root may write what nobody may: then it is `nobody` whom the permissions of a file bind. */
export const plainUser: User = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** Undefined where permissions can be made to bind, else why not. */
export const whyNoPermissions = (): string | undefined => {
  if (!process.getuid) return 'files have no permissions here'
  const { status, error } = spawnSync(process.execPath, [import.meta.filename], plainUser)
  return status === 0 ? undefined : `no program runs as another user here: ${String(error ?? status)}`
}

/** Gives a folder with all in it to that user. */
export const giveToPlainUser = (folder: string): void => {
  const { uid, gid } = plainUser
  if (uid === undefined || gid === undefined) return
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  for (const name of ['', ...names]) chownSync(path.join(folder, name), uid, gid)
}
