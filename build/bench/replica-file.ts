import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely, type LogEvent, SqliteDialect } from 'kysely'
import type { SearchDatabase } from '../../src-shared/schema/search-index.ts'
import { readProfile } from '../../src-main/data/device/profile.ts'
import { passwordKey, unseal } from '../../src-main/data/device/sealed.ts'
import { openEncrypted, type SqliteDatabase } from '../../src-main/data/sqlite.ts'
import { type BenchDesk, credentials } from './bench-desk.ts'

/** The key of a desk's databases, opened with its front desk's password as the desk itself does. */
export const dataKeyOf = async ({ profileFolder, deviceSecret }: BenchDesk): Promise<Uint8Array> => {
  const known = readProfile(profileFolder)?.known_staff.find((staff) => staff.sign_in_name === credentials.sign_in_name)
  const wrapKey =
    known && (await passwordKey(credentials.password, Buffer.from(known.salt, 'base64url'), known.cost, deviceSecret))
  const key = wrapKey && unseal(wrapKey, known.wrap)
  if (!key) throw new Error(`Nobody has signed in at ${profileFolder}.`)
  return key
}

/** A read-only connection to the replica that a desk shows. */
export const openReplicaOf = async (desk: BenchDesk): Promise<SqliteDatabase> => {
  const name = readdirSync(desk.profileFolder).find((file) => /^replica-\d+\.db$/.test(file))
  if (name === undefined) throw new Error(`There is no replica in ${desk.profileFolder}.`)
  return openEncrypted(join(desk.profileFolder, name), {
    key: await dataKeyOf(desk),
    synchronous: 'NORMAL',
    readonly: true,
  })
}

/** Runs the statements that `read` makes once more, prepared and without anything around them. */
export const bareStatements = async (
  db: SqliteDatabase,
  read: (reads: Kysely<SearchDatabase>) => Promise<unknown>,
): Promise<() => void> => {
  const queries: { readonly sql: string; readonly parameters: readonly unknown[] }[] = []
  const log = ({ query }: LogEvent): void => void queries.push({ sql: query.sql, parameters: query.parameters })
  await read(new Kysely<SearchDatabase>({ dialect: new SqliteDialect({ database: db }), log }))
  const statements = queries.map(({ sql, parameters }) => ({ statement: prepareOnce(db, sql), parameters }))
  return () => {
    for (const { statement, parameters } of statements) statement.all(parameters)
  }
}

const prepared = new WeakMap<SqliteDatabase, Map<string, ReturnType<SqliteDatabase['prepare']>>>()

const prepareOnce = (db: SqliteDatabase, sql: string): ReturnType<SqliteDatabase['prepare']> => {
  const known = prepared.get(db) ?? new Map<string, ReturnType<SqliteDatabase['prepare']>>()
  prepared.set(db, known)
  const statement = known.get(sql) ?? db.prepare(sql)
  known.set(sql, statement)
  return statement
}
