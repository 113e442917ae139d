import { randomBytes } from 'node:crypto'
import { Client, escapeIdentifier } from 'pg'
import { getTypeParser } from '../../sync-server/db/postgres.ts'
import { migrate } from '../../sync-server/db/migrate.ts'

/** What `foyer_server` logs in with. The role belongs to the whole cluster, so there is one. */
const serverPassword = 'simulated-server'
const templateName = 'foyer_sim'

/** Makes the migrated database that the workers copy. Answers its URL. */
export const createTemplate = async (url: string): Promise<string> => {
  const templateUrl = withDatabase(url, templateName)
  await withClient(url, async (client) => {
    // What it learns of the tables, at moments of its own, changes plans, and those the order of rows.
    await client.query('alter system set autovacuum = off')
    await client.query('select pg_reload_conf()')
    await client.query(`create database ${escapeIdentifier(templateName)} template template0`)
  })
  await migrate({ url: templateUrl, serverPassword })
  return templateUrl
}

const withDatabase = (url: string, name: string): string => Object.assign(new URL(url), { pathname: name }).href

const withClient = async (url: string, work: (client: Client) => Promise<unknown>): Promise<void> => {
  const client = new Client(url)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

export type Sql = <T = Record<string, unknown>>(text: string, values?: readonly unknown[]) => Promise<readonly T[]>

/** The database of one worker: one seed after the other uses it, each from empty. */
export interface Database {
  /** As superuser, past row-level security. */
  readonly sql: Sql
  /** The connection that the simulated server has: one, so that the order of transactions is the same every time. */
  readonly serverClient: Client
  readonly empty: () => Promise<void>
  readonly backUp: () => Promise<void>
  /** Everything as it was at the backup, in a new epoch; without a trace in the same one. */
  readonly restore: (how?: { readonly isTraceless?: boolean }) => Promise<void>
  readonly close: () => Promise<void>
}

export const createDatabase = async (templateUrl: string): Promise<Database> => {
  const name = `sim_${randomBytes(6).toString('hex')}`
  const maintenanceUrl = withDatabase(templateUrl, 'postgres')
  await withClient(maintenanceUrl, (client) =>
    client.query(`create database ${escapeIdentifier(name)} template ${escapeIdentifier(templateName)}`),
  )
  const url = withDatabase(templateUrl, name)
  const admin = new Client(url)
  await admin.connect()
  const serverUrl = Object.assign(new URL(url), { username: 'foyer_server', password: serverPassword }).href
  const serverClient = new Client({
    connectionString: serverUrl,
    options: '-c TimeZone=UTC',
    types: { getTypeParser },
    pipeline: true,
  })
  await serverClient.connect()
  await serverClient.query('listen facility_log')
  const sql: Sql = async <T>(text: string, values: readonly unknown[] = []) => {
    const { rows } = await admin.query(text, [...values])
    // Whoever asks says what is selected.
    return rows as readonly T[]
  }
  return {
    sql,
    serverClient,
    ...(await keeper(sql, serverClient)),
    close: async () => {
      await Promise.all([admin.end(), serverClient.end()])
      await withClient(maintenanceUrl, (client) => client.query(`drop database ${escapeIdentifier(name)} with (force)`))
    },
  }
}

const catalogs = 'pg_class, pg_type, pg_attribute, pg_depend, pg_shdepend, pg_index, pg_statistic'
const seedsPerVacuum = 20

const tablesOf = async (sql: Sql): Promise<readonly string[]> => {
  const rows = await sql<{ name: string }>(
    "select quote_ident(tablename) as name from pg_tables where schemaname = 'public' order by tablename",
  )
  return rows.map(({ name }) => name)
}

const hasRows = async (sql: Sql, table: string): Promise<boolean> =>
  (await sql(`select from ${table} limit 1`)).length > 0

const isLockTimeout = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '55P03'

/** Tables that the migrations fill stay as they are. */
const keeper = async (sql: Sql, serverClient: Client): Promise<Pick<Database, 'empty' | 'backUp' | 'restore'>> => {
  const kept: string[] = []
  const tables: string[] = []
  for (const table of await tablesOf(sql)) ((await hasRows(sql, table)) ? kept : tables).push(table)
  let emptied = 0

  /** Without triggers and foreign keys. */
  const quietly = async (statements: readonly string[]): Promise<void> => {
    const settings = "set local session_replication_role = replica; set local lock_timeout = '10s'"
    const work = async (): Promise<unknown> => sql(`begin; ${settings}; ${statements.join(';')}; commit`)
    await work().catch(async (error: unknown) => {
      if (!isLockTimeout(error)) throw error
      await sql('rollback')
      // A server that was killed may leave a transaction open, which in the real world ends with its connection.
      await serverClient.query('rollback')
      await work()
    })
  }
  return {
    async empty() {
      // What a run has added by DDL goes too.
      const added = (await tablesOf(sql)).filter((table) => !kept.includes(table) && !tables.includes(table))
      await quietly([
        ...added.map((table) => `delete from sync_tables where table_name = '${table}'; drop table ${table} cascade`),
        ...(emptied > 0 ? [`truncate ${tables.join(', ')}`] : []),
        'drop schema if exists sim_backup cascade',
        'alter table families drop column if exists sim_hint',
      ])
      emptied += 1
      // Each truncate writes all of these anew, and nobody else takes the old rows out.
      if (emptied % seedsPerVacuum === 0) await sql(`vacuum ${catalogs}`)
    },
    async backUp() {
      await quietly([
        'drop schema if exists sim_backup cascade',
        'create schema sim_backup',
        ...tables.map((table) => `create table sim_backup.${table} as table public.${table}`),
      ])
    },
    async restore({ isTraceless = false } = {}) {
      const filled: string[] = []
      for (const table of tables) if (await hasRows(sql, `sim_backup.${table}`)) filled.push(table)
      await quietly([
        `truncate ${tables.join(', ')}`,
        ...filled.map((table) => `insert into public.${table} select * from sim_backup.${table}`),
        isTraceless
          ? // Nobody has doubted it for long, so the first one who does is believed.
            "update server_epoch set since = now() - interval '1 day', written_by = pg_current_xact_id()"
          : 'update server_epoch set epoch = gen_random_uuid()',
      ])
    },
  }
}
