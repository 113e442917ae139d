import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'

/** What the thread is told. */
export type BuilderOptions = Pick<Config, 'databaseUrl' | 'logLevel'> & { readonly folder: string }

/** A pause before a thread that ended is started again. */
const restartMs = 60_000

/**
 * Makes snapshots in a thread of its own, as long as the server runs and where the configuration says. Whatever ails it,
 * the log alone is enough for every desk.
 */
export const startBuilder = (config: Config, log: Logger): { readonly stop: () => Promise<void> } => {
  const { databaseUrl, logLevel, snapshotFolder: folder, electricUrl } = config
  if (folder === undefined || electricUrl !== undefined) return { stop: () => Promise.resolve() }
  const options: BuilderOptions = { databaseUrl, logLevel, folder }
  let worker: Worker | undefined
  let timer: NodeJS.Timeout | undefined
  let isStopping = false
  const start = (): void => {
    worker = new Worker(new URL('builder-main.ts', import.meta.url), { workerData: options })
    worker.unref()
    worker.on('error', (error) => log.warn({ err: error }, 'the thread that makes snapshots failed'))
    worker.once('exit', () => {
      if (isStopping) return
      timer = setTimeout(start, restartMs).unref()
    })
  }
  start()
  return {
    stop: async () => {
      isStopping = true
      clearTimeout(timer)
      await worker?.terminate()
    },
  }
}
