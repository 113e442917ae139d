import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Client, escapeIdentifier } from 'pg'
import { allTables, createTables, indexDdl } from '../../src-shared/replica/schema.ts'
import type { Table } from '../../src-shared/schema/table.ts'
import { databaseFiles, openEncrypted, type SqliteDatabase } from '../../src-main/data/sqlite.ts'
import { copyOut } from './copy-out.ts'
import type { Place } from './place.ts'

/** Stays below SQLite's limit of variables for every table. */
const rowsPerInsert = 100

/** The shortest way of all rows from PostgreSQL into an encrypted replica: no log, no HTTP, no JSON. */
export const copyIntoSqlite = async ({ stack, folder }: Place): Promise<{ rows: number; seconds: number }> => {
  const file = join(folder, 'copied.db')
  const client = new Client({ connectionString: stack.postgresUrl })
  await client.connect()
  const db = openEncrypted(file, { key: randomBytes(32), synchronous: 'NORMAL' })
  try {
    const begin = performance.now()
    let rows = 0
    createTables(db)
    db.exec('begin')
    for (const table of allTables) rows += await copyTable(client, db, table)
    for (const ddl of indexDdl) db.exec(ddl)
    db.exec('commit')
    return { rows, seconds: (performance.now() - begin) / 1000 }
  } finally {
    await client.end()
    db.close()
    for (const each of databaseFiles(file)) rmSync(each, { force: true })
  }
}

const copyTable = async (client: Client, db: SqliteDatabase, table: Table): Promise<number> => {
  const insertMany = db.prepare(insertInto(table, rowsPerInsert))
  let values: unknown[] = []
  let rows = 0
  await copyOut(client, `copy (select ${selected(table)} from ${escapeIdentifier(table.name)}) to stdout`, (row) => {
    rows += 1
    for (const value of row) values.push(value)
    if (rows % rowsPerInsert > 0) return
    insertMany.run(values)
    values = []
  })
  if (rows % rowsPerInsert > 0) db.prepare(insertInto(table, rows % rowsPerInsert)).run(values)
  return rows
}

const insertInto = (table: Table, rows: number): string => {
  const row = `(${Object.keys(table.columns)
    .map(() => '?')
    .join(',')})`
  return `insert into "${table.name}" values ${Array.from({ length: rows }, () => row).join(',')}`
}

/** The columns in the forms of the replica. */
const selected = (table: Table): string =>
  Object.entries(table.columns)
    .map(([name, column]) => {
      const quoted = escapeIdentifier(name)
      if (column.pg === 'timestamptz') return `to_char(${quoted} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
      return column.pg === 'time' ? `to_char(${quoted}, 'HH24:MI')` : quoted
    })
    .join(', ')
