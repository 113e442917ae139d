import { createDeviceCode } from './auth/codes.ts'
import { choose } from './choose.ts'
import { inRole, openPostgres } from './db/postgres.ts'

/** Makes a one-time code for a new device from the command line: for the first one of an academy, and when nobody can sign in. */
const [wanted] = process.argv.slice(2)
const { DATABASE_URL: url } = process.env
const minutes = 10

if (!url || !wanted) {
  console.error(
    'Usage: DATABASE_URL=postgres://foyer_server:… npm run device-code -- FACILITY   (its code, name or id)',
  )
  process.exit(78)
}

interface Known {
  readonly id: string
  readonly code: string
  readonly name: string
  readonly organization: string
}

const lineOf = ({ id, code, name, organization }: Known): string => `  ${id}   ${code}   ${name}, ${organization}`

const { db, close } = openPostgres({ url, maxConnections: 1 })
try {
  const facilities: readonly Known[] = await inRole(db, { role: 'foyer_auth' }, (tx) =>
    tx
      .selectFrom('facilities as facility')
      .innerJoin('organizations as organization', 'organization.id', 'facility.organization_id')
      .select(['facility.id', 'facility.code', 'facility.name', 'organization.name as organization'])
      .orderBy('organization.name')
      .orderBy('facility.code')
      .execute(),
  )
  const choice = choose(facilities, wanted, {
    kind: ['facility', 'facilities'],
    namesOf: ({ id, code, name }) => [id, code, name],
    lineOf,
  })
  if ('found' in choice) {
    const { found } = choice
    const order = { facilityId: found.id, audience: 'desk', createdBy: null, minutes } as const
    const { code } = await createDeviceCode(db, order)
    console.log(`${code}   enrolls one desk at ${found.name}, ${found.organization}, within ${minutes} minutes`)
  } else {
    console.error(choice.why)
    process.exitCode = 1
  }
} finally {
  await close()
}
