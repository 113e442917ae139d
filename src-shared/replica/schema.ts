import { sqliteIndexDdl, sqliteTableDdl } from '../schema/derive.ts'
import { searchFamiliesDdl, searchIndexDdl } from '../schema/search-index.ts'
import type { Table } from '../schema/table.ts'
import { syncedTables } from '../schema/tables.ts'
import type { ReplicaDatabase } from './sqlite.ts'

export const allTables: readonly Table[] = Object.values(syncedTables)

const localDdl = [
  // Log position, handle, the last local sequence contained: in the same transactions as the rows they describe.
  'create table replica_state (key text primary key, value text not null) strict, without rowid',
  // What each unsent command overwrote; `image` is null where it inserted.
  `create table before_images (n integer primary key, seq integer not null, table_name text not null, row_id text not null,
    image text) strict`,
  'create index before_images_by_seq on before_images (seq)',
  'create index before_images_by_row on before_images (row_id, table_name, seq)',
  // Which rows each unsent command looked at: what it does depends on them and on nothing else.
  'create table unsent_reads (key text not null, seq integer not null, primary key (key, seq)) strict, without rowid',
  'create index unsent_reads_by_seq on unsent_reads (seq)',
  // Commands whose rerun is refused here now: shown as "will need you"; the server decides.
  'create table local_refusals (seq integer primary key, error text not null) strict',
  searchFamiliesDdl,
  searchIndexDdl,
]

/** A replica of another fingerprint is made anew: it is a copy. */
export const schemaFingerprint = (): string =>
  JSON.stringify([allTables.map((table) => [sqliteTableDdl(table), ...sqliteIndexDdl(table)]), localDdl])

/** Tables only: indexes and the search index follow when the first rows are in, which is several times faster. */
export const createTables = (db: ReplicaDatabase): void => {
  for (const table of allTables) db.exec(sqliteTableDdl(table))
  for (const ddl of localDdl) db.exec(ddl)
}

/** They can be there already: a cut leaves some. */
export const indexDdl: readonly string[] = allTables
  .flatMap(sqliteIndexDdl)
  .map((ddl) => ddl.replace(/^create index/, 'create index if not exists'))
