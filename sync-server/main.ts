import { pino } from 'pino'
import { loadKeys } from './auth/keys.ts'
import { buildServer } from './app.ts'
import { startCompaction } from './compaction/job.ts'
import { ConfigError, readConfig } from './config.ts'
import { checkSchema } from './db/check-schema.ts'
import { openPostgres } from './db/postgres.ts'
import { foldDigests } from './digests/fold.ts'
import { startBuilder } from './snapshots/start-builder.ts'
import { explainStart, StartError } from './start-error.ts'

const run = async (): Promise<void> => {
  const config = readConfig(process.env)
  const keys = await loadKeys(config.keys)
  const log = pino({ level: config.logLevel })
  const postgres = openPostgres({
    url: config.databaseUrl,
    maxConnections: config.databaseConnections,
    onError: () => log.warn('a connection to the database broke'),
  })
  const differences = await checkSchema(postgres.db, { mayHaveMore: true })
  if (differences.length > 0) throw new StartError(['The database does not fit this version of Foyer:', ...differences])
  const server = await buildServer({ config, db: postgres.db, keys, log })
  const { db } = postgres
  const compaction = startCompaction({
    db,
    everyMs: config.compactMinutes * 60_000,
    fold: async (name, position) => foldDigests(db, name, position),
    log,
  })
  compaction.addMetrics(server.metrics)
  const builder = startBuilder({ config, db, log })
  const url = await server.listen()
  log.info({ url }, 'listening')
  // A parent of ours waits for it: that something answers at the address would not say that it is this process.
  process.send?.({ url })

  let stopping: Promise<void> | undefined
  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'stopping')
    await Promise.all([server.close(), compaction.stop(), builder.stop()])
    await postgres.close()
    log.info('stopped')
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void (stopping ??= stop(signal)))
}

try {
  await run()
} catch (error) {
  const lines = explainStart(error)
  if (!lines) throw error
  for (const line of lines) console.error(line)
  // EX_CONFIG of sysexits.h tells a supervisor that starting again will not help. Open handles must not hold us.
  process.exit(error instanceof ConfigError ? 78 : 1)
}
