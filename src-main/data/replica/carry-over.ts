import { finishingSteps } from '../../../src-shared/replica/finishing.ts'
import { allTables } from '../../../src-shared/replica/schema.ts'
import type { Table } from '../../../src-shared/schema/table.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import type { Replica } from './replica.ts'
import { type ReplicaState, stateReader } from './state.ts'

/**
 * Fills a new replica from one that another version of this program has made, so that an update installed without internet
 * leaves no empty desk: the tables and columns that both have. It is shown until the server's rows are there. Answers
 * false when there was nothing to show yet.
 */
export const carryOver = async (from: SqliteDatabase, to: Replica): Promise<boolean> => {
  const state = stateReader(from)()
  if (!state.isComplete) return false
  const { position, handle, receivedUpTo } = state
  const at = { position, handle, receivedUpTo }
  await to.transact(() => {
    for (const table of allTables) copyTable(from, to.db, table)
    for (const refusal of rowsOf(from, 'local_refusals')) {
      to.db.prepare('insert into local_refusals values (?, ?)').run(refusal['seq'], refusal['error'])
    }
    // Without them nobody is found.
    for (const step of finishingSteps(to.db)) step()
    // In one commit with the rows: half of it would be taken for a first sync, and filled on top.
    to.state.update({ ...keptOf(state), ...at, isIndexed: true, isComplete: true, isStale: true })
    return Promise.resolve()
  })
  await to.complete(at)
  return true
}

const keptOf = ({ appliedSeq, latestHlc }: ReplicaState): Partial<ReplicaState> => ({ appliedSeq, latestHlc })

const rowsOf = (db: SqliteDatabase, table: string): Iterable<Record<string, unknown>> =>
  // Whatever columns there are.
  db.prepare(`select * from "${table}"`).iterate() as Iterable<Record<string, unknown>>

interface ColumnFacts {
  readonly name: string
  readonly type: string
  readonly notnull: number
}

const columnsOf = (db: SqliteDatabase, table: string): readonly ColumnFacts[] =>
  db.pragma(`table_info("${table}")`) as ColumnFacts[]

const copyTable = (from: SqliteDatabase, to: SqliteDatabase, { name }: Table): void => {
  if (columnsOf(from, name).length === 0) return
  const columns = columnsOf(to, name)
  const insert = to.prepare(`insert into "${name}" values (${columns.map(() => '?').join(', ')})`)
  for (const row of rowsOf(from, name)) {
    insert.run(columns.map((column) => row[column.name] ?? emptyOf(column)))
  }
}

/** A new column has no value until the server sends one. */
const emptyOf = ({ type, notnull }: ColumnFacts): string | number | null => {
  if (notnull === 0) return null
  return type.toLowerCase() === 'text' ? '' : 0
}
