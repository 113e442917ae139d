import type { DigestsRequest } from '../../../src-shared/contract/health.ts'
import { digestSum, tableForm } from '../../../src-shared/replica/digest.ts'
import { allTables } from '../../../src-shared/replica/schema.ts'
import { columnNames } from '../../../src-shared/schema/derive.ts'
import type { Table } from '../../../src-shared/schema/table.ts'
import { type ReplicaState, stateReader } from '../replica/state.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import { textHash } from './text-hash.ts'

/** What a replica holds, to the last byte, at one position of the log. */
export interface Scanned {
  readonly state: ReplicaState
  readonly handle: string
  readonly tables: DigestsRequest['tables']
}

export interface ScanParts {
  /** A connection of its own to the shown replica, for reading. */
  readonly open: () => SqliteDatabase
  /** Lets others work. */
  readonly pause: () => Promise<void>
  /** Asked after every pause: whether to go on. */
  readonly isWanted: (state: ReplicaState) => boolean
  /** How many of the tables are counted. */
  readonly onProgress: (share: number) => void
}

/**
 * Counts all rows in one read transaction, so that they belong to one position (SPEC H2). Undefined when the replica is
 * not the log alone just now, because something unsent is in it, or when nobody wants it any more. Throws what SQLite
 * says of a page that it cannot read.
 */
export const scanReplica = async (parts: ScanParts): Promise<Scanned | undefined> => {
  const db = parts.open()
  try {
    db.exec('begin')
    const state = stateReader(db)()
    const { handle } = state
    if (!state.isComplete || state.isStale || handle === undefined || isBeyondLog(db)) return undefined
    const tables: Record<string, DigestsRequest['tables'][string]> = {}
    for (const [n, table] of allTables.entries()) {
      parts.onProgress(n / allTables.length)
      const counted = await scanTable(db, table, parts, state)
      if (!counted) return undefined
      tables[table.name] = counted
    }
    return { state, handle, tables }
  } finally {
    // Ends the transaction too.
    db.close()
  }
}

/** While nothing that unsent commands overwrote is kept, the replica holds the rows of the log and nothing else. */
const isBeyondLog = (db: SqliteDatabase): boolean =>
  db.prepare('select exists (select 1 from before_images)').pluck().get() === 1

/** A millisecond or two of work: a check-in that comes in between does not feel it. */
const rowsPerPiece = 300

const scanTable = async (
  db: SqliteDatabase,
  table: Table,
  { pause, isWanted }: ScanParts,
  state: ReplicaState,
): Promise<DigestsRequest['tables'][string] | undefined> => {
  const sum = digestSum(table, textHash)
  const names = columnNames(table)
  const columns = names.map((name) => `"${name}"`).join(', ')
  const idAt = names.indexOf('id')
  const next = db.prepare(`select ${columns} from "${table.name}" where id > ? order by id limit ${rowsPerPiece}`).raw()
  const first = db.prepare(`select ${columns} from "${table.name}" order by id limit ${rowsPerPiece}`).raw()
  // Every column is named, in the order of the definition.
  let rows = first.all() as unknown[][]
  while (rows.length > 0) {
    for (const values of rows) sum.add(values)
    await pause()
    if (!isWanted(state)) return undefined
    const last = rows.at(-1)?.[idAt]
    rows = rows.length < rowsPerPiece ? [] : (next.all(last) as unknown[][])
  }
  return { form: tableForm(table, textHash), ...sum.read() }
}
