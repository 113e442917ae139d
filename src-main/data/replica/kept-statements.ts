import type { SqliteDatabase as KyselySqlite, SqliteStatement } from 'kysely'
import type { SqliteDatabase } from '../sqlite.ts'

/** Lists of ids make statements of many lengths; those of a busy hour fit in. */
const mostKept = 300

/** For Kysely, which prepares every statement anew: planning was a sixth of a search. */
export const keptStatements = (db: SqliteDatabase): KyselySqlite => {
  const kept = new Map<string, SqliteStatement>()
  return {
    prepare(sql) {
      const known = kept.get(sql)
      if (known) return known
      const statement: SqliteStatement = db.prepare(sql)
      if (kept.size >= mostKept) kept.clear()
      kept.set(sql, statement)
      return statement
    },
    close: () => void db.close(),
  }
}
