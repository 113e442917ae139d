import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { isReadOnlyFolder } from '../read-only-folder.ts'
import { makeToken } from './browser-access.ts'

const runningFile = z.object({ pid: z.number().int(), port: z.number().int(), start_key: z.string() })
export type Running = z.infer<typeof runningFile>

const fileOf = (profileFolder: string): string => join(profileFolder, 'running.json')

/** The URL that opens the browser shell, once. */
export const startUrl = ({ port, start_key }: Pick<Running, 'port' | 'start_key'>): string =>
  `http://127.0.0.1:${port}/start?token=${makeToken(start_key)}`

/**
 * Tells a second start how to open the window of this one, where the disk takes it. 0600: whoever can read it can open the
 * window.
 */
export const writeRunning = (profileFolder: string, running: Running): void => {
  if (isReadOnlyFolder(profileFolder)) return
  const unfinished = `${fileOf(profileFolder)}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(unfinished, JSON.stringify(running), { mode: 0o600, flag: 'wx' })
    renameSync(unfinished, fileOf(profileFolder))
  } catch {
    rmSync(unfinished, { force: true })
  }
}

/** What the program that holds the profile's lock has written; only worth something while the lock is held. */
export const readRunning = (profileFolder: string): Running | undefined => {
  try {
    return runningFile.safeParse(JSON.parse(readFileSync(fileOf(profileFolder), 'utf8'))).data
  } catch {
    return undefined
  }
}

export const removeRunning = (profileFolder: string): void => {
  if (!isReadOnlyFolder(profileFolder)) rmSync(fileOf(profileFolder), { force: true })
}
