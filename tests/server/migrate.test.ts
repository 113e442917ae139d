import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { migrate, migrationFolder, readMigrations } from '../../sync-server/db/migrate.ts'
import { scramVerifier } from '../../sync-server/db/scram.ts'
import { createDatabase, type TestDatabase } from '../support/databases.ts'
import { serverPassword } from '../support/foyer-database.ts'
import { until } from '../support/until.ts'

let database: TestDatabase
let folder: string

beforeEach(async () => {
  database = await createDatabase()
  folder = await mkdtemp(join(tmpdir(), 'foyer-migrations-'))
  await cp(migrationFolder, folder, { recursive: true })
})

afterEach(async () => {
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

const ask = async (url: string, sql: string): Promise<readonly unknown[]> => {
  const client = new Client(url)
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>({ text: sql })
    return rows.map((row) => Object.values(row)[0])
  } finally {
    await client.end()
  }
}

/** Whether somebody waits for a table. */
const waits = `select exists (
  select from pg_locks where not granted and locktype = 'relation'
    and database = (select oid from pg_database where datname = current_database()))`

describe('migrate', () => {
  test('applies every migration once and says which', async () => {
    const names = (await readMigrations()).map(({ name }) => name)

    expect(await migrate({ url: database.url, folder })).toEqual(names)
    expect(await migrate({ url: database.url, folder })).toEqual([])
  })

  test('applies only the new one of a later version', async () => {
    await migrate({ url: database.url, folder })
    await writeFile(join(folder, '9000-lockers.sql'), 'set local role foyer_owner; create table lockers (id uuid);')

    expect(await migrate({ url: database.url, folder })).toEqual(['9000-lockers.sql'])
    expect(await ask(database.url, `select tableowner from pg_tables where tablename = 'lockers'`)).toEqual([
      'foyer_owner',
    ])
  })

  test('refuses a migration that was changed after it was applied', async () => {
    await migrate({ url: database.url, folder })
    const file = join(folder, '0002-tables.sql')
    await writeFile(file, `${await readFile(file, 'utf8')}\n-- one more line`)

    await expect(migrate({ url: database.url, folder })).rejects.toThrow(
      'The migration 0002-tables.sql was changed after it was applied',
    )
  })

  test('does not mind the line ends of Windows', async () => {
    await migrate({ url: database.url, folder })
    const file = join(folder, '0002-tables.sql')
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('\n', '\r\n'))

    expect(await migrate({ url: database.url, folder })).toEqual([])
  })

  test('refuses a database of a newer version', async () => {
    await writeFile(join(folder, '9000-future.sql'), 'select 1')
    await migrate({ url: database.url, folder })
    await rm(join(folder, '9000-future.sql'))

    await expect(migrate({ url: database.url, folder })).rejects.toThrow('install a newer one')
  })

  test('refuses a migration that was put before one that was applied', async () => {
    await migrate({ url: database.url, folder })
    await writeFile(join(folder, '0001-zz.sql'), 'select 1')

    await expect(migrate({ url: database.url, folder })).rejects.toThrow('give it a number after')
  })

  test('keeps nothing of a migration that fails, and names it', async () => {
    await writeFile(join(folder, '9000-broken.sql'), 'create table half (id uuid); select 1 / 0;')

    await expect(migrate({ url: database.url, folder })).rejects.toThrow(/9000-broken.sql failed.*division by zero/)
    expect(await ask(database.url, `select to_regclass('half') is null`)).toEqual([true])
    expect(await ask(database.url, `select to_regclass('payments') is null`)).toEqual([false])
  })

  test('holds up nobody while it waits for a table that somebody reads for long, as a backup does', async () => {
    await migrate({ url: database.url, folder })
    await writeFile(join(folder, '9000-column.sql'), 'alter table families add column nickname text;')
    const backup = new Client(database.url)
    await backup.connect()
    await backup.query('begin; lock table families in access share mode')

    const migrated = migrate({ url: database.url, folder })
    await until(async () => (await ask(database.url, waits)).includes(true))
    const desk = await ask(database.url, 'select count(*)::int4 from families')
    await backup.end()

    expect(desk).toEqual([0])
    expect(await migrated).toEqual(['9000-column.sql'])
  })

  test('lets two programs that start at once migrate one database', async () => {
    const applied = await Promise.all([1, 2, 3].map(() => migrate({ url: database.url, folder })))

    expect(applied.flat().toSorted()).toEqual((await readMigrations()).map(({ name }) => name))
  })

  test('sets up several databases of one cluster at once, whose roles they share', async () => {
    const databases = await Promise.all([1, 2, 3, 4].map(() => createDatabase()))

    const applied = await Promise.all(databases.map(({ url }) => migrate({ url, folder, serverPassword })))

    const names = (await readMigrations()).map(({ name }) => name)
    expect(applied).toEqual(databases.map(() => names))
    await Promise.all(databases.map(({ drop }) => drop()))
  })

  test('gives the server its password', async () => {
    await migrate({ url: database.url, folder, serverPassword })
    const url = Object.assign(new URL(database.url), { username: 'foyer_server', password: serverPassword }).href
    const wrong = Object.assign(new URL(database.url), { username: 'foyer_server', password: 'wrong' }).href

    expect(await ask(url, 'select current_user')).toEqual(['foyer_server'])
    await expect(ask(wrong, 'select 1')).rejects.toThrow('password authentication failed')
  })
})

test('a SCRAM verifier is the one of RFC 7677', () => {
  // Its example: user "user", password "pencil", and this salt; the keys follow from the proof and signature there.
  const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))

  expect(verifier).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  )
})
