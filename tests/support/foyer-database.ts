import { createHash, randomBytes } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { Client, escapeIdentifier } from 'pg'
import { inject } from 'vitest'
import { migrate, readMigrations } from '../../sync-server/db/migrate.ts'
import { openPostgres, type PostgresDatabase } from '../../sync-server/db/postgres.ts'
import { createDatabase } from './databases.ts'

/** What `foyer_server` logs in with in tests. The role belongs to the whole cluster, so there is one. */
export const serverPassword = 'test-server'

/** A migrated database of its own, without rows. */
export interface FoyerDatabase {
  /** As superuser, whom row-level security does not bind: for seeding and for looking. */
  readonly admin: Kysely<PostgresDatabase>
  readonly adminUrl: string
  /** As `foyer_server`, like the server: for `inRole`. */
  readonly server: Kysely<PostgresDatabase>
  readonly serverUrl: string
  /** Closes both pools and removes the database. */
  readonly drop: () => Promise<void>
}

/** Copies a template that is migrated once per cluster, which takes a fraction of migrating. */
export const createFoyerDatabase = async (): Promise<FoyerDatabase> => {
  const { url: adminUrl, drop } = await createDatabase(await migratedTemplate())
  const serverUrl = withLogin(adminUrl, 'foyer_server', serverPassword)
  const admin = openPostgres({ url: adminUrl, maxConnections: 20 })
  const server = openPostgres({ url: serverUrl, maxConnections: 20 })
  // A copy is a restored database: this one shall count as installed.
  await sql`update server_epoch
    set epoch = gen_random_uuid(), home = sync.home(), written_by = pg_current_xact_id()`.execute(admin.db)
  return {
    admin: admin.db,
    adminUrl,
    server: server.db,
    serverUrl,
    drop: async () => {
      await Promise.all([admin.close(), server.close()])
      await drop()
    },
  }
}

const withLogin = (url: string, user: string, password: string): string =>
  Object.assign(new URL(url), { username: user, password }).href

/** Any number that nothing else takes as an advisory lock in the database that all tests share. */
const lockKey = 81_274_002

const migratedTemplate = async (): Promise<string> => {
  const serverUrl = inject('postgresUrl')
  const migrations = await readMigrations()
  const version = createHash('sha256').update(migrations.map(({ sha256 }) => sha256).join())
  const name = `foyer_template_${version.digest('hex').slice(0, 16)}`
  const client = new Client(serverUrl)
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [lockKey])
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
    if (rowCount === 0) await createTemplate(client, serverUrl, name)
  } finally {
    await client.end()
  }
  return name
}

const createTemplate = async (client: Client, serverUrl: string, name: string): Promise<void> => {
  // Under another name first: what has the name of the template is whole.
  const unfinished = `unfinished_${randomBytes(8).toString('hex')}`
  await client.query(`create database ${escapeIdentifier(unfinished)} template template0`)
  await migrate({ url: Object.assign(new URL(serverUrl), { pathname: unfinished }).href, serverPassword })
  await client.query(`alter database ${escapeIdentifier(unfinished)} rename to ${escapeIdentifier(name)}`)
}
