/** Entry of the process that makes what snapshots are due, and ends: requests do not wait, and its memory goes with it. */
import { pino } from 'pino'
import { openPostgres } from '../db/postgres.ts'
import { refreshAll, standardPolicy } from './builder.ts'
import { freeBytesOf } from './room.ts'
import type { BuilderOptions } from './start-builder.ts'

const run = async ({ databaseUrl, folder, logLevel }: BuilderOptions): Promise<void> => {
  const log = pino({ level: logLevel })
  const { db, close } = openPostgres({ url: databaseUrl, maxConnections: 1 })
  const parts = { db, folder, policy: standardPolicy, now: Date.now, freeBytes: freeBytesOf }
  await refreshAll(parts, (error) => {
    log.warn({ err: error }, 'a snapshot could not be made')
    // The others are made all the same.
    process.exitCode = 1
  })
  await close()
  process.disconnect()
}

// The server is gone, or all is done.
process.once('disconnect', () => process.exit())
// What the server sent.
process.once('message', (options) => void run(options as BuilderOptions))
