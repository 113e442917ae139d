import type { DigestsRequest } from '../../../src-shared/contract/health.ts'
import { type DigestSum, digestSum, tableForm } from '../../../src-shared/replica/digest.ts'
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
 * Counts all rows of the log in one read transaction, so that they belong to one position (SPEC H2). Undefined when there is
 * no such replica yet, too much is unsent, or nobody wants it any more. Throws what SQLite says of a page that it cannot read.
 */
export const scanReplica = async (parts: ScanParts): Promise<Scanned | undefined> => {
  const db = parts.open()
  try {
    db.exec('begin')
    const state = stateReader(db)()
    const { handle } = state
    if (!state.isComplete || state.isStale || handle === undefined) return undefined
    const images = firstImages(db)
    if (!images) return undefined
    const tables: Record<string, DigestsRequest['tables'][string]> = {}
    for (const [n, table] of allTables.entries()) {
      parts.onProgress(n / allTables.length)
      const counted = await scanTable({ db, table, state, images: images.get(table.name) ?? [] }, parts)
      if (!counted) return undefined
      tables[table.name] = counted
    }
    return { state, handle, tables }
  } finally {
    // Ends the transaction too.
    db.close()
  }
}

/** A millisecond or two of work: a check-in that comes in between does not feel it. */
const rowsPerPiece = 300

interface TableToScan {
  readonly db: SqliteDatabase
  readonly table: Table
  readonly state: ReplicaState
  readonly images: readonly FirstImage[]
}

const scanTable = async (
  { db, table, state, images }: TableToScan,
  { pause, isWanted }: ScanParts,
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
  takeOutUnsent(db, table, sum, images)
  return { form: tableForm(table, textHash), ...sum.read() }
}

interface FirstImage {
  readonly table_name: string
  readonly row_id: string
  /** Null where an unsent command made the row. */
  readonly image: string | null
}

/** What stood in each row before the first unsent command that changed it, by table; undefined when there are too many. */
const firstImages = (db: SqliteDatabase): ReadonlyMap<string, readonly FirstImage[]> | undefined => {
  const count = Number(db.prepare('select count(*) from before_images').pluck().get())
  if (count > mostImages) return undefined
  const images = db.prepare('select table_name, row_id, image from before_images order by n desc').all() as FirstImage[]
  // The first ones come last, and stay.
  const first = new Map(images.map((image) => [`${image.table_name}/${image.row_id}`, image]))
  return Map.groupBy(first.values(), ({ table_name }) => table_name)
}

/** Some ten milliseconds to read. */
const mostImages = 10_000

/** Of a row that unsent commands have changed, what was there before them is what the log says. */
const takeOutUnsent = (db: SqliteDatabase, table: Table, sum: DigestSum, images: readonly FirstImage[]): void => {
  const names = columnNames(table)
  const shown = db
    .prepare(`select ${names.map((name) => `"${name}"`).join(', ')} from "${table.name}" where id = ?`)
    .raw()
  for (const { row_id, image } of images) {
    const now = shown.get(row_id) as unknown[] | undefined
    if (now) sum.remove(now)
    // Made of the columns of the table by the trigger that kept it.
    const before = image === null ? undefined : (JSON.parse(image) as Record<string, unknown>)
    if (before) sum.add(names.map((name) => before[name]))
  }
}
