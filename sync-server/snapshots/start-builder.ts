import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { Db } from '../db/tx.ts'
import { isAnyDue, standardPolicy } from './builder.ts'
import { freeBytesOf } from './room.ts'

/** What the process is told. */
export type BuilderOptions = Pick<Config, 'databaseUrl' | 'logLevel'> & { readonly folder: string }

interface BuilderParts {
  readonly config: Pick<Config, 'databaseUrl' | 'logLevel' | 'snapshotFolder' | 'electricUrl'>
  readonly db: Db
  readonly log: Logger
}

/** Between two looks at all logs. */
const everyMs = 30_000
const longestMs = 30 * 60_000

/** The pause, in ms, after a look that followed a pause: longer with each that failed, for a disk may stay full for days. */
export const pauseAfter = (pauseMs: number, hasFailed: boolean): number =>
  hasFailed ? Math.min(2 * pauseMs, longestMs) : everyMs

/**
 * Looks whether a snapshot is due, as long as the server runs and where the configuration says, and has it made in a
 * process of its own. Whatever ails that, the log alone is enough for every desk.
 */
export const startBuilder = ({ config, db, log }: BuilderParts): { readonly stop: () => Promise<void> } => {
  const { databaseUrl, logLevel, snapshotFolder: folder, electricUrl } = config
  if (folder === undefined || electricUrl !== undefined) return { stop: () => Promise.resolve() }
  const abort = new AbortController()
  const { signal } = abort
  const look = async (): Promise<void> => {
    if (
      !(await isAnyDue({ db, folder, policy: standardPolicy, now: Date.now, freeBytes: freeBytesOf })) ||
      signal.aborted
    )
      return
    await build({ databaseUrl, logLevel, folder }, signal)
  }
  const keepLooking = async (): Promise<void> => {
    let pauseMs = everyMs
    while (!signal.aborted) {
      let hasFailed = false
      await look().catch((error: unknown) => {
        hasFailed = true
        log.warn({ err: error }, 'no snapshots could be made')
      })
      pauseMs = pauseAfter(pauseMs, hasFailed)
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }
  const looking = keepLooking()
  return {
    stop: async () => {
      abort.abort()
      await looking
    },
  }
}

/** Ends with the process. One that is killed leaves what the next one takes away. */
const build = async (options: BuilderOptions, signal: AbortSignal): Promise<void> => {
  const child = fork(join(import.meta.dirname, 'builder-main.ts'), {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    windowsHide: true,
  })
  const kill = (): void => void child.kill()
  signal.addEventListener('abort', kill)
  try {
    // That it could not be sent is told by its end.
    child.send(options, () => undefined)
    await ended(child, signal)
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

const ended = async (child: ChildProcess, signal: AbortSignal): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  child.once('error', reject)
  child.once('exit', (code, by) => {
    if (code === 0 || signal.aborted) resolve(undefined)
    else reject(new Error(`The process that makes snapshots ended: ${by ?? `exit code ${code}`}`))
  })
  await promise
}
