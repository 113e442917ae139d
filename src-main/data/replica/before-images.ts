import { allTables } from '../../../src-shared/replica/schema.ts'
import type { Table } from '../../../src-shared/schema/table.ts'
import { type SqliteDatabase, textOrUndefined } from '../sqlite.ts'

const objectOf = (table: Table): string =>
  `json_object(${Object.keys(table.columns)
    .map((column) => `'${column}', old."${column}"`)
    .join(', ')})`

const triggersOf = (table: Table): readonly string[] => {
  const capture = (time: 'before' | 'after', what: string, rowId: string, image: string): string =>
    `create temp trigger if not exists before_image_of_${what}_${table.name} ${time} ${what} on main."${table.name}"
      when (select seq from capturing) is not null
      begin insert into before_images (seq, table_name, row_id, image)
        values ((select seq from capturing), '${table.name}', ${rowId}, ${image}); end`
  return [
    // After: an insert that gives way to the row that is there (`on conflict do nothing`) has changed nothing.
    capture('after', 'insert', 'new.id', 'null'),
    capture('before', 'update', 'old.id', objectOf(table)),
    capture('before', 'delete', 'old.id', objectOf(table)),
  ]
}

export interface ChangedRow {
  readonly table_name: string
  readonly row_id: string
}

type Image = Readonly<Record<string, unknown>>

interface FirstWriter {
  readonly seq: number
  /** Undefined when the command made the row. */
  readonly before: Image | undefined
}

/** What unsent commands overwrote, kept by triggers so that no command has to think of it. */
export interface BeforeImages {
  /** While it runs, every row change is remembered under `seq`. */
  readonly capture: <T>(seq: number, work: () => Promise<T>) => Promise<T>
  /** Tables that the command with this number changed. */
  readonly tablesOf: (seq: number) => readonly string[]
  /** The rows that commands up to `seq` changed. */
  readonly rowsUpTo: (seq: number) => readonly ChangedRow[]
  /** The first command after `seq` that changed this row, and what the row was before; undefined when none did. */
  readonly firstWriter: (row: ChangedRow, seq: number) => FirstWriter | undefined
  /** What the row was before all commands up to `seq`, of which at least one changed it. */
  readonly original: (row: ChangedRow, seq: number) => Image | undefined
  /** Puts a row back to that. */
  readonly restore: (row: ChangedRow, seq: number) => void
  /** Puts back what every command after `seq` overwrote, newest first; answers with the touched tables. */
  readonly undoAfter: (seq: number) => readonly string[]
  readonly forgetUpTo: (seq: number) => void
}

/**
 * Installs the triggers on this connection; they are temporary, so a bulk load runs without them. Once more on the same connection
 * is well: a commit may fail and have taken effect (FAULTS D5).
 */
export const installBeforeImages = (db: SqliteDatabase): BeforeImages => {
  db.exec('create temp table if not exists capturing (seq integer)')
  db.exec('delete from capturing; insert into capturing values (null)')
  for (const trigger of allTables.flatMap(triggersOf)) db.exec(trigger)

  const setCapturing = db.prepare('update capturing set seq = ?')
  const images = db.prepare('select table_name, row_id, image from before_images where seq > ? order by n desc')
  const changed = db.prepare('select distinct table_name, row_id from before_images where seq <= ?')
  const writer = db.prepare(
    'select seq, image from before_images where row_id = ? and table_name = ? and seq > ? order by seq, n limit 1',
  )
  const oldest = db
    .prepare('select image from before_images where row_id = ? and table_name = ? and seq <= ? order by seq, n limit 1')
    .pluck()
  const tables = db.prepare('select distinct table_name from before_images where seq = ?').pluck()
  const deleteAfter = db.prepare('delete from before_images where seq > ?')
  const deleteUpTo = db.prepare('delete from before_images where seq <= ?')
  const restore = restorers(db)
  const originalOf = ({ table_name, row_id }: ChangedRow, seq: number): string | null =>
    textOrUndefined(oldest.get(row_id, table_name, seq)) ?? null

  return {
    async capture(seq, work) {
      setCapturing.run(seq)
      try {
        return await work()
      } finally {
        setCapturing.run(null)
      }
    },
    tablesOf: (seq) => tables.all(seq).map(String),
    rowsUpTo: (seq) => changed.all(seq) as ChangedRow[],
    firstWriter({ table_name, row_id }, seq) {
      const found = writer.get(row_id, table_name, seq) as { seq: number; image: string | null } | undefined
      return found && { seq: found.seq, before: toImage(found.image) }
    },
    original: (row, seq) => toImage(originalOf(row, seq)),
    restore: (row, seq) => restore(row, originalOf(row, seq)),
    undoAfter(seq) {
      const rows = images.all(seq) as (ChangedRow & { readonly image: string | null })[]
      for (const row of rows) restore(row, row.image)
      deleteAfter.run(seq)
      return [...new Set(rows.map((row) => row.table_name))]
    },
    forgetUpTo: (seq) => deleteUpTo.run(seq),
  }
}

const toImage = (text: string | null): Image | undefined => (text === null ? undefined : (JSON.parse(text) as Image))

type Restorer = (rowId: string, image: string | null) => void

/** Prepared for each table when they are first used: commands write to few of them. */
const restorers = (db: SqliteDatabase): ((row: ChangedRow, image: string | null) => void) => {
  const known = new Map<string, Restorer>()
  return ({ table_name, row_id }, image) => {
    const table = allTables.find(({ name }) => name === table_name)
    const restore = known.get(table_name) ?? (table && restorer(db, table))
    if (!restore) return
    known.set(table_name, restore)
    restore(row_id, image)
  }
}

const restorer = (db: SqliteDatabase, table: Table): Restorer => {
  const columns = Object.keys(table.columns)
  const remove = db.prepare(`delete from "${table.name}" where id = ?`)
  const put = db.prepare(
    `insert or replace into "${table.name}" (${columns.map((column) => `"${column}"`).join(', ')})
      values (${columns.map(() => '?').join(', ')})`,
  )
  return (rowId, image) => {
    if (image === null) {
      remove.run(rowId)
      return
    }
    const row = JSON.parse(image) as Record<string, unknown>
    put.run(columns.map((column) => row[column]))
  }
}
