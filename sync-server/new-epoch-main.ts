import { openPostgres } from './db/postgres.ts'
import { readEpoch, renewEpoch } from './epoch.ts'

/** Tells every device that the history of this server was rewound, after a restore that the server cannot notice itself. */
const { DATABASE_URL: url } = process.env
const isMeant = process.argv.includes('--yes')

if (!url) {
  console.error('Usage: DATABASE_URL=postgres://foyer_server:… npm run new-epoch -- --yes')
  process.exit(78)
}

const { db, close } = openPostgres({ url, maxConnections: 1 })
try {
  const before = await readEpoch(db)
  console.log(`This history is ${before.epoch}, since ${before.since} (${before.reason}).`)
  if (isMeant) {
    await renewEpoch(db, before.epoch, 'an operator said so')
    console.log(
      `From now on it is ${(await readEpoch(db)).epoch}. Every device loads its data anew, while it works on,`,
    )
    console.log('and sends again what it has sent in the last 35 days and this database does not have.')
    console.log('A computer that was shut out since the backup is let in again: shut it out once more (revoke-device).')
  } else {
    console.log(
      'A server notices by itself when its database was restored. If this one did not: run it again with --yes.',
    )
    console.log('Every device then loads its data anew and sends again what is missing; nothing is lost by it.')
  }
} finally {
  await close()
}
