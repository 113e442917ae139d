import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import { allTables } from '../../../src-shared/replica/schema.ts'
import type { SqliteDatabase } from '../sqlite.ts'

/** How many of these rows are there. */
export const countPresent = (db: SqliteDatabase, rows: readonly Pick<LogEntry, 'table_name' | 'row_id'>[]): number =>
  rows.filter(({ table_name, row_id }) => db.prepare(`select 1 from "${table_name}" where id = ?`).get(row_id)).length

/** Rows in all tables of a replica. Reads all of them. */
export const countRows = (db: SqliteDatabase): number =>
  allTables.reduce((sum, { name }) => sum + Number(db.prepare(`select count(*) from "${name}"`).pluck().get()), 0)
