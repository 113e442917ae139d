import { compactLog } from './compaction/compact.ts'
import { measureLog } from './compaction/job.ts'
import { openPostgres } from './db/postgres.ts'

/** Compacts the log once, now, and says what it did: for operators. Servers do it by themselves every hour. */
const { DATABASE_URL: url } = process.env

if (!url) {
  console.error('Usage: DATABASE_URL=postgres://foyer_server:… npm run compact')
  process.exit(78)
}

const { db, close } = openPostgres({ url, maxConnections: 1 })
try {
  const { superseded, removals, isElsewhere } = await compactLog({ db })
  const { entries, bytes } = await measureLog(db)
  console.log(`Taken out: ${superseded} superseded entries, ${removals} with old removals.`)
  console.log(`The log has about ${entries} entries and takes ${Math.round(bytes / 1_000_000)} MB.`)
  if (isElsewhere) console.log('A server is compacting at this moment, and does the rest.')
} finally {
  await close()
}
