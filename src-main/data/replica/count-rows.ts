import { allTables } from '../../../src-shared/replica/schema.ts'
import type { SqliteDatabase } from '../sqlite.ts'

/** Rows in all tables of a replica. Reads all of them. */
export const countRows = (db: SqliteDatabase): number =>
  allTables.reduce((sum, { name }) => sum + Number(db.prepare(`select count(*) from "${name}"`).pluck().get()), 0)
