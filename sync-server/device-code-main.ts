import { createDeviceCode } from './auth/codes.ts'
import { inRole, openPostgres } from './db/postgres.ts'

/** Makes a one-time code for a new device from the command line: for the first one of an academy, and when nobody can sign in. */
const [wanted] = process.argv.slice(2)
const { DATABASE_URL: url } = process.env
const minutes = 10

if (!url || !wanted) {
  console.error('Usage: DATABASE_URL=postgres://foyer_server:… npm run device-code -- FACILITY   (its code or name)')
  process.exit(78)
}

const { db, close } = openPostgres({ url, maxConnections: 1 })
try {
  const facilities = await inRole(db, { role: 'foyer_auth' }, (tx) =>
    tx.selectFrom('facilities').select(['id', 'code', 'name']).orderBy('code').execute(),
  )
  const found = facilities.find(({ code, name }) =>
    [code, name].some((text) => text.toLowerCase() === wanted.toLowerCase()),
  )
  if (found) {
    const order = { facilityId: found.id, audience: 'desk', createdBy: null, minutes } as const
    const { code } = await createDeviceCode(db, order)
    console.log(`${code}   enrolls one desk at ${found.name} within ${minutes} minutes`)
  } else {
    console.error(
      `There is no facility "${wanted}". These are there: ${facilities.map(({ name }) => name).join(', ')}.`,
    )
    process.exitCode = 1
  }
} finally {
  await close()
}
