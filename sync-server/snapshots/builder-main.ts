/** Entry of the thread that makes snapshots: requests do not wait for it. */
import { workerData } from 'node:worker_threads'
import { pino } from 'pino'
import { openPostgres } from '../db/postgres.ts'
import { keepSnapshots } from './builder.ts'
import type { BuilderOptions } from './start-builder.ts'

// What the server passed.
const { databaseUrl, folder, logLevel } = workerData as BuilderOptions
const log = pino({ level: logLevel })
const { db } = openPostgres({ url: databaseUrl, maxConnections: 1 })

await keepSnapshots({
  db,
  folder,
  policy: {
    leastPositions: 5000,
    positionsBehind: 10_000,
    minutes: 60,
    leastRowsForToday: 100_000,
    partBytes: 12_000_000,
  },
  everySeconds: 30,
  // The server ends the thread with itself.
  signal: new AbortController().signal,
  onError: (error) => log.warn({ err: error }, 'a snapshot could not be made'),
})
