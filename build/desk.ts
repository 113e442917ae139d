import { mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { readProfile, writeProfile } from '../src-main/data/device/profile.ts'
import { startChild } from './child.ts'
import { StartError } from './start-error.ts'

/** A desk in the browser shell, as a process of its own. */
export interface DeskProcess {
  /** Opens the window, once. */
  readonly url: string
  readonly pid: number
  /** Kills the shell and its data process at once, as a power cut would. */
  readonly kill9: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly exited: Promise<void>
}

export interface DeskOptions {
  readonly profileFolder: string
  /** Where an enrolled desk finds its server now, and what the enrollment screen offers. */
  readonly serverUrl?: string
  /** Without it the window is left to the caller. */
  readonly open?: boolean
  readonly port?: number
}

/** Starts a desk and waits until its window can be opened. Throws StartError with its last words. */
export const startDesk = async (options: DeskOptions): Promise<DeskProcess> => {
  const { profileFolder, serverUrl, open = false, port } = options
  if (serverUrl) tellServerUrl(profileFolder, serverUrl)
  const child = startChild({
    file: join(import.meta.dirname, '../src-main/shell/browser-main.ts'),
    args: [
      `--profile=${profileFolder}`,
      ...(serverUrl ? [`--server-url=${serverUrl}`] : []),
      ...(open ? [] : ['--no-open']),
      ...(port ? [`--port=${port}`] : []),
    ],
    logFile: join(profileFolder, 'log/desk.log'),
  })
  const url = await Promise.race([
    // Sent by our own entry.
    new Promise<string>((resolve) => child.process.once('message', (message: { url: string }) => resolve(message.url))),
    child.exited.then(() => undefined),
  ])
  if (url === undefined) throw new StartError(child.lastLines())
  return { url, pid: child.pid, kill9: child.kill, stop: child.stop, exited: child.exited }
}

/** A desk knows its server by its address. This one may have moved to another port since. */
export const tellServerUrl = (profileFolder: string, serverUrl: string): void => {
  const profile = readProfile(profileFolder)
  if (profile && profile.server_url !== serverUrl) writeProfile(profileFolder, { ...profile, server_url: serverUrl })
}

export const isEnrolled = (profileFolder: string): boolean => readProfile(profileFolder) !== undefined

/** Leaves a code for the shell to enroll this computer with, by the same route as one typed in. */
export const leaveCode = (profileFolder: string, code: string, serverUrl: string): void => {
  mkdirSync(profileFolder, { recursive: true, mode: 0o700 })
  const input = { code, name: hostname().slice(0, 100) || 'Desk', server_url: serverUrl }
  writeFileSync(join(profileFolder, 'enroll.json'), JSON.stringify(input), { mode: 0o600 })
}
