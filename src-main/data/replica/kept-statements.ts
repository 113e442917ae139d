import type { SqliteDatabase as KyselySqlite, SqliteStatement } from 'kysely'
import type { SqliteDatabase } from '../sqlite.ts'
import type { Damage } from './damage.ts'

/** Lists of ids make statements of many lengths; those of a busy hour fit in. */
const mostKept = 300

/** For Kysely, which prepares every statement anew: planning was a sixth of a search. */
export const keptStatements = (db: SqliteDatabase, damage: Damage): KyselySqlite => {
  const kept = new Map<string, SqliteStatement>()
  return {
    prepare(sql) {
      if (sql === 'rollback') return rollbackOf(db)
      const known = kept.get(sql)
      if (known) return known
      const statement = watched(() => db.prepare(sql), damage)
      if (kept.size >= mostKept) kept.clear()
      kept.set(sql, statement)
      return statement
    },
    close: () => void db.close(),
  }
}

const watched = (prepare: () => SqliteStatement, damage: Damage): SqliteStatement => {
  const watch = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw damage.explained(error)
    }
  }
  const statement = watch(prepare)
  return {
    reader: statement.reader,
    all: (parameters) => watch(() => statement.all(parameters)),
    run: (parameters) => watch(() => statement.run(parameters)),
    iterate: (parameters) => statement.iterate(parameters),
  }
}

/** After some errors SQLite has rolled back by itself; saying so again would hide what the error was. */
const rollbackOf = (db: SqliteDatabase): SqliteStatement => {
  const statement: SqliteStatement = db.prepare('rollback')
  return {
    reader: false,
    all: (parameters) => statement.all(parameters),
    iterate: (parameters) => statement.iterate(parameters),
    run: (parameters) => (db.inTransaction ? statement.run(parameters) : { changes: 0, lastInsertRowid: 0 }),
  }
}
