import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { tellServerUrl } from './desk.ts'

export interface ElectronDesk {
  readonly exited: Promise<void>
  readonly stop: () => Promise<void>
}

export interface ElectronOptions {
  /** Electron's program. */
  readonly electron: string
  readonly profileFolder: string
  readonly serverUrl: string | undefined
}

/** Opens the desk in Electron from the built files. */
export const startElectron = ({ electron, profileFolder, serverUrl }: ElectronOptions): ElectronDesk => {
  if (serverUrl) tellServerUrl(profileFolder, serverUrl)
  const args = [
    join(import.meta.dirname, '..'),
    `--profile=${profileFolder}`,
    ...(serverUrl ? [`--server-url=${serverUrl}`] : []),
    // Chromium refuses its sandbox as root.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]
  const child = spawn(electron, args, { stdio: ['ignore', 'ignore', 'inherit'], detached: true })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  return {
    exited,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await exited
    },
  }
}
