import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { createDeviceCode } from '../sync-server/auth/codes.ts'
import { startEmbeddedPostgres } from '../sync-server/db/embedded.ts'
import { migrate } from '../sync-server/db/migrate.ts'
import { openPostgres } from '../sync-server/db/postgres.ts'
import { loadDemoAcademy } from './demo/load.ts'
import { demoStories } from './demo/story.ts'
import { prepareServer } from './server.ts'
import { StartError } from './start-error.ts'

/** Everything but a desk: PostgreSQL with the demo academy, and the sync server. */
export interface Stack {
  readonly serverUrl: string
  /** Of a superuser, to look at the truth. */
  readonly postgresUrl: string
  readonly startServer: () => Promise<void>
  readonly stopServer: () => Promise<void>
  readonly killServer: () => Promise<void>
  /** A one-time code for a new device at the facility with this code or name; at the demo's main one without. */
  readonly createCode: (facility?: string, audience?: 'desk' | 'office') => Promise<string>
  readonly stop: () => Promise<void>
}

export interface StackOptions {
  readonly dataFolder: string
  /** Told each step in a sentence. */
  readonly log?: (line: string) => void
  /** Of the demo academy: sessions, invoices and payments lie around this instant (UTC). */
  readonly now?: string
  readonly seed?: number
  /** Nothing is forced to the disk: for tests only. */
  readonly fast?: boolean
  readonly serverEnv?: Readonly<Record<string, string>>
}

const databaseName = 'foyer'
const mainFacility = demoStories[0]?.facilityCode ?? ''
const codeMinutes = 10

/** Starts PostgreSQL and the sync server on a data folder; the first time it fills it with the demo academy. */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const { dataFolder, log = () => undefined, fast = false } = options
  makeDataFolder(dataFolder)
  const postgres = await startEmbeddedPostgres({ dataFolder: join(dataFolder, 'postgres'), log, fast })
  try {
    const { superuserUrl, serverDatabaseUrl } = await prepareDatabase(postgres.url, options)
    const env = options.serverEnv ?? {}
    const server = prepareServer({ dataFolder, databaseUrl: serverDatabaseUrl, env })
    await server.start()
    log('The sync server runs.')
    return {
      get serverUrl() {
        return server.url
      },
      postgresUrl: superuserUrl,
      startServer: server.start,
      stopServer: server.stop,
      killServer: server.kill,
      createCode: (facility, audience = 'desk') => createCode({ superuserUrl, serverDatabaseUrl, facility, audience }),
      stop: async () => {
        await server.stop()
        await postgres.stop()
      },
    }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

/** Others may pass, since PostgreSQL runs as a user of its own when we are root; what is private has its own modes. */
export const makeDataFolder = (folder: string): void => {
  try {
    if (mkdirSync(folder, { recursive: true })) chmodSync(folder, 0o755)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartError(`The data folder ${folder} cannot be made (${reason}): choose another one with --data.`)
  }
}

const prepareDatabase = async (clusterUrl: string, { log = () => undefined, now, seed = 1 }: StackOptions) => {
  await createDatabase(clusterUrl)
  const superuserUrl = withDatabase(clusterUrl)
  const serverPassword = randomBytes(24).toString('base64url')
  const applied = await migrate({ url: superuserUrl, serverPassword })
  if (applied.length > 0) log(`The database is at ${applied.at(-1)}.`)
  if ((await facilitiesOf(superuserUrl)).length === 0) {
    await loadDemoAcademy({ url: superuserUrl, now: now ?? new Date().toISOString(), seed })
    log('The demo academy is there.')
  }
  const serverUrl = new URL(superuserUrl)
  serverUrl.username = 'foyer_server'
  serverUrl.password = serverPassword
  return { superuserUrl, serverDatabaseUrl: serverUrl.href }
}

const withDatabase = (clusterUrl: string): string => {
  const url = new URL(clusterUrl)
  url.pathname = databaseName
  return url.href
}

const createDatabase = async (clusterUrl: string): Promise<void> => {
  await query(clusterUrl, async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [databaseName])
    if (rowCount === 0) await client.query(`create database ${databaseName}`)
  })
}

interface Facility {
  readonly id: string
  readonly code: string
  readonly name: string
}

const facilitiesOf = async (url: string): Promise<readonly Facility[]> =>
  query(
    url,
    async (client) => (await client.query<Facility>('select id, code, name from facilities order by code')).rows,
  )

interface CodeOptions {
  readonly superuserUrl: string
  readonly serverDatabaseUrl: string
  readonly facility: string | undefined
  readonly audience: 'desk' | 'office'
}

const createCode = async ({ superuserUrl, serverDatabaseUrl, facility, audience }: CodeOptions): Promise<string> => {
  const facilities = await facilitiesOf(superuserUrl)
  const isCalled = (wanted: string) => (candidate: Facility) =>
    [candidate.code, candidate.name].some((text) => text.toLowerCase() === wanted.toLowerCase())
  const found =
    facilities.find(isCalled(facility ?? mainFacility)) ?? (facility === undefined ? facilities[0] : undefined)
  if (!found) {
    const known = facilities.map(({ code, name }) => `${code} (${name})`).join(', ')
    throw new StartError(`There is no facility "${facility}". These are there: ${known}.`)
  }
  const { db, close } = openPostgres({ url: serverDatabaseUrl, maxConnections: 1 })
  try {
    const facts = { facilityId: found.id, audience, createdBy: null, minutes: codeMinutes }
    return (await createDeviceCode(db, facts)).code
  } finally {
    await close()
  }
}

const query = async <T>(url: string, work: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: url, application_name: 'foyer start' })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
