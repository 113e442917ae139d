import { mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pino, stdTimeFunctions } from 'pino'
import { isReadOnlyFolder } from './read-only-folder.ts'

/** Where a program writes what its keepers should know. Never personal data: names, texts and arguments stay out. */
export interface Log {
  readonly info: (line: string) => void
  readonly warn: (line: string) => void
  readonly error: (line: string) => void
}

const mostBytes = 5_000_000

/**
 * Opens `<profile>/log/shell.log`, keeping the former one when this one has grown beyond 5 MB. Where that cannot be
 * written, the lines go to the standard error output.
 */
export const openLog = (profileFolder: string): Log => {
  const dest = isReadOnlyFolder(profileFolder) ? process.stderr.fd : prepareFile(join(profileFolder, 'log'))
  const destination = pino.destination({ dest, mode: 0o600, sync: true })
  // A full disk does not take a line; the program goes on without it (FAULTS D4).
  destination.on('error', () => undefined)
  const lines = pino({ base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime }, destination)
  return {
    info: (line) => lines.info(line),
    warn: (line) => lines.warn(line),
    error: (line) => lines.error(line),
  }
}

const prepareFile = (folder: string): string => {
  const file = join(folder, 'shell.log')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > mostBytes) renameSync(file, `${file}.1`)
  return file
}
