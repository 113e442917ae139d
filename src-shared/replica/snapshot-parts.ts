import { columnNames, sqliteTableDdl } from '../schema/derive.ts'
import type { Table } from '../schema/table.ts'
import { allTables, schemaFingerprint } from './schema.ts'

/** Counts up when the form of the parts changes, or what the search index says of a family (rules/search-terms.ts). */
const format = 1

/** A snapshot of another fingerprint is of no use here: it would have to be fetched row by row from the log. */
export const snapshotFingerprint = (): string => JSON.stringify([format, schemaFingerprint()])

/** What a part holds of one table: a part is a small database, and has the tables that it brings rows of. */
export interface PartTable {
  readonly name: string
  readonly ddl: string
  /** Brings its rows from the part (`main`) into the replica that is attached as `replica`. */
  readonly intoReplica: readonly string[]
  /** Whether its rows are the facility's: those that people and progress count. */
  readonly isCounted: boolean
}

const rowsOf = (table: Table): PartTable => {
  const columns = columnNames(table)
    .map((name) => `"${name}"`)
    .join(', ')
  return {
    name: table.name,
    ddl: sqliteTableDdl(table),
    // Both are ordered by id, so the rows go to the end, page after page.
    intoReplica: [`insert into replica."${table.name}" (${columns}) select ${columns} from main."${table.name}"`],
    isCounted: true,
  }
}

/** What the search index says: to work it out once more at every desk took a quarter of a first sync. */
const searchTerms: PartTable = {
  name: 'search_terms',
  ddl: 'create table "search_terms" (id integer primary key, family_id text not null, terms text not null) strict',
  intoReplica: [
    'insert into replica.search_families (id, family_id) select id, family_id from main.search_terms',
    'insert into replica.search_index (rowid, family_id, terms) select id, family_id, terms from main.search_terms',
  ],
  isCounted: false,
}

/** What ANALYZE found: it reads every page of every index. */
const statistics: readonly PartTable[] = [
  {
    name: 'statistics_1',
    ddl: 'create table "statistics_1" (tbl, idx, stat)',
    intoReplica: [
      'delete from replica.sqlite_stat1',
      'insert into replica.sqlite_stat1 select * from main.statistics_1',
    ],
    isCounted: false,
  },
  {
    name: 'statistics_4',
    ddl: 'create table "statistics_4" (tbl, idx, neq, nlt, ndlt, sample)',
    intoReplica: [
      'delete from replica.sqlite_stat4',
      'insert into replica.sqlite_stat4 select * from main.statistics_4',
    ],
    isCounted: false,
  },
]

/** In the order in which they are brought: configuration and people, then what happened. */
export const partTables: readonly PartTable[] = [...allTables.map(rowsOf), searchTerms, ...statistics]
