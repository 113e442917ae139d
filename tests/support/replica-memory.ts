import Sqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { searchTerms } from '../../src-shared/rules/search-terms.ts'
import { sqliteIndexDdl, sqliteTableDdl } from '../../src-shared/schema/derive.ts'
import { type SearchDatabase, searchFamiliesDdl, searchIndexDdl } from '../../src-shared/schema/search-index.ts'
import { type Database, syncedTables } from '../../src-shared/schema/tables.ts'

/** A replica in memory with the real schema: what queries and commands run on, without files, keys or sync. */
export interface MemoryReplica {
  readonly db: Kysely<SearchDatabase>
  readonly sqlite: Sqlite.Database
  readonly insert: <T extends keyof Database>(table: T, ...rows: readonly Database[T][]) => void
  /** Fills the full-text index anew from the rows. */
  readonly indexSearch: () => void
  readonly close: () => void
}

export const openMemoryReplica = (): MemoryReplica => {
  const sqlite = new Sqlite(':memory:')
  for (const table of Object.values(syncedTables)) {
    sqlite.exec(sqliteTableDdl(table))
    for (const ddl of sqliteIndexDdl(table)) sqlite.exec(ddl)
  }
  sqlite.exec(searchFamiliesDdl)
  sqlite.exec(searchIndexDdl)
  return {
    db: new Kysely<SearchDatabase>({ dialect: new SqliteDialect({ database: sqlite }) }),
    sqlite,
    insert: (table, ...rows) => {
      for (const row of rows) insertRow(sqlite, table, row)
    },
    indexSearch: () => indexSearch(sqlite),
    close: () => sqlite.close(),
  }
}

const insertRow = (sqlite: Sqlite.Database, table: string, row: object): void => {
  const names = Object.keys(row)
  const places = names.map((name) => `:${name}`).join(', ')
  sqlite.prepare(`insert into ${table} (${names.join(', ')}) values (${places})`).run(row)
}

const indexSearch = (sqlite: Sqlite.Database): void => {
  sqlite.exec('delete from search_index; delete from search_families')
  const families = sqlite.prepare('select * from families').all() as Database['families'][]
  const guardians = sqlite.prepare('select * from guardians where family_id = ?')
  const students = sqlite.prepare(
    'select s.* from students s join family_students l on l.student_id = s.id where l.family_id = ?',
  )
  const addFamily = sqlite.prepare('insert into search_families (family_id) values (?)')
  const add = sqlite.prepare('insert into search_index (rowid, family_id, terms) values (?, ?, ?)')
  for (const family of families) {
    const terms = searchTerms(
      family,
      guardians.all(family.id) as Database['guardians'][],
      students.all(family.id) as Database['students'][],
    )
    add.run(addFamily.run(family.id).lastInsertRowid, family.id, terms)
  }
}
