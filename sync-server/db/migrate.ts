import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, escapeLiteral } from 'pg'
import { sqlState } from './errors.ts'
import { scramVerifier } from './scram.ts'

export interface MigrateOptions {
  /** Of a superuser, or of a role that owns the database and may create roles. */
  readonly url: string
  /** What `foyer_server` logs in with from now on; its password stays as it is without one. */
  readonly serverPassword?: string
  /** Where the .sql files are. */
  readonly folder?: string
}

/** The migrations cannot be applied, and a person must look why. */
export class MigrationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MigrationError'
  }
}

interface Migration {
  readonly name: string
  readonly sha256: string
  readonly sql: string
}

/** Any number that nothing else takes as an advisory lock in this database. */
const lockKey = 7_205_759_403

/**
 * Brings a database up to date, each migration in its own transaction, and returns the names of those it applied. Of
 * several programs that start at once, one migrates and the others wait. Throws MigrationError.
 */
export const migrate = async ({
  url,
  serverPassword,
  folder = migrationFolder,
}: MigrateOptions): Promise<readonly string[]> => {
  const migrations = await readMigrations(folder)
  const client = new Client({ connectionString: url, application_name: 'foyer migrate' })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [lockKey])
    const missing = await missingOf(client, migrations)
    for (const migration of missing) {
      await apply(client, migration)
    }
    if (serverPassword !== undefined) await setServerPassword(client, serverPassword)
    return missing.map(({ name }) => name)
  } finally {
    await client.end()
  }
}

/** migrations/postgres of this repository. */
export const migrationFolder = join(import.meta.dirname, '../../migrations/postgres')

/** The migrations in their order, line ends as in the repository whatever the checkout made of them. */
export const readMigrations = async (folder = migrationFolder): Promise<readonly Migration[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
  return Promise.all(
    names.map(async (name) => {
      const text = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n')
      return { name, sql: text, sha256: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

const missingOf = async (client: Client, migrations: readonly Migration[]): Promise<readonly Migration[]> => {
  await client.query(
    `create table if not exists public.schema_migrations (
       name text primary key, sha256 text not null, applied_at timestamptz(3) not null default now()
     )`,
  )
  const { rows } = await client.query<Pick<Migration, 'name' | 'sha256'>>(
    'select name, sha256 from public.schema_migrations order by name',
  )
  for (const [index, { name, sha256 }] of rows.entries()) {
    const migration = migrations[index]
    if (migration?.name !== name) throw unknownHistory(name, migration)
    if (migration.sha256 !== sha256) {
      throw new MigrationError(
        `The migration ${name} was changed after it was applied to this database: ` +
          'bring the file back as it was, and put the change into a new migration.',
      )
    }
  }
  return migrations.slice(rows.length)
}

const unknownHistory = (applied: string, expected: Migration | undefined): MigrationError =>
  expected && expected.name < applied
    ? new MigrationError(
        `The migration ${expected.name} comes before ${applied}, which was applied to this database already: ` +
          'give it a number after that one.',
      )
    : new MigrationError(
        `This database has the migration ${applied}, which this version of Foyer does not know: install a newer one.`,
      )

/**
 * Who waits for a table lets nobody else have it, and a backup may read it for hours: so it lets the desks go first, now and
 * then, and gives up after some minutes.
 */
const lockPatience = '1s'
const lockPauseMs = 2000
const mostLockTries = 100
const lockNotAvailable = '55P03'

const apply = async (client: Client, migration: Migration): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await applyOnce(client, migration)
      return
    } catch (error) {
      const isLocked = error instanceof MigrationError && sqlState(error.cause) === lockNotAvailable
      if (!isLocked || tries === mostLockTries) throw error
      await delay(lockPauseMs)
    }
  }
}

const applyOnce = async (client: Client, { name, sha256, sql }: Migration): Promise<void> => {
  await client.query('begin')
  try {
    await client.query(`set local lock_timeout = '${lockPatience}'`)
    await client.query(sql)
    // The migration may have become foyer_owner.
    await client.query('reset role')
    await client.query('insert into public.schema_migrations (name, sha256) values ($1, $2)', [name, sha256])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    const reason = error instanceof Error ? error.message : String(error)
    throw new MigrationError(`The migration ${name} failed, and nothing of it was kept: ${reason}`, { cause: error })
  }
}

const maxTries = 20
/** "tuple concurrently updated": roles belong to the cluster, and another database is being set up beside this one. */
const internalError = 'XX000'

const setServerPassword = async (client: Client, password: string): Promise<void> => {
  const statement = `alter role foyer_server password ${escapeLiteral(scramVerifier(password))}`
  for (let tries = 1; ; tries += 1) {
    try {
      await client.query(statement)
      return
    } catch (error) {
      if (tries === maxTries || sqlState(error) !== internalError) throw error
      await delay(Math.random() * 50)
    }
  }
}
