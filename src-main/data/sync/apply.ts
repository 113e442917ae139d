import { columnNames, wireDecoder } from '../../../src-shared/schema/derive.ts'
import type { Table } from '../../../src-shared/schema/table.ts'
import { allTables } from '../replica/schema.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import type { LogEntry } from './feed.ts'

/** Writes entries of the log into the replica; part of the caller's transaction. */
export interface Applier {
  readonly apply: (entries: readonly LogEntry[]) => void
  /** Whether the replica shows this entry's row already, to the last column. */
  readonly isShown: (entry: LogEntry) => boolean
}

interface TableApplier {
  readonly put: (row: Readonly<Record<string, unknown>>) => void
  readonly remove: (rowId: string) => void
  readonly isShown: (entry: LogEntry) => boolean
}

export const applierFor = (db: SqliteDatabase): Applier => {
  const tables = new Map(allTables.map((table) => [table.name, tableApplier(db, table)]))
  const of = (entry: LogEntry): TableApplier => {
    const found = tables.get(entry.table_name)
    if (!found) throw new Error(`Unknown table ${entry.table_name}`)
    return found
  }
  return {
    apply(entries) {
      for (const entry of entries) {
        if (entry.row === null) of(entry).remove(entry.row_id)
        else of(entry).put(entry.row)
      }
    },
    isShown: (entry) => of(entry).isShown(entry),
  }
}

const tableApplier = (db: SqliteDatabase, table: Table): TableApplier => {
  const names = columnNames(table).map((name) => `"${name}"`)
  const decode = wireDecoder(table)
  const put = db.prepare(
    `insert into "${table.name}" (${names.join(', ')}) values (${names.map(() => '?').join(', ')})
      on conflict (id) do update set ${names.map((name) => `${name} = excluded.${name}`).join(', ')}`,
  )
  const remove = db.prepare(`delete from "${table.name}" where id = ?`)
  const read = db.prepare(`select ${names.join(', ')} from "${table.name}" where id = ?`).raw()

  return {
    put: (row) => put.run(decode(row)),
    remove: (rowId) => remove.run(rowId),
    isShown({ row, row_id }) {
      const shown = read.get(row_id) as readonly unknown[] | undefined
      if (row === null || shown === undefined) return row === null && shown === undefined
      const wanted = decode(row)
      return shown.every((value, index) => value === wanted[index])
    },
  }
}

const withClock = new Set(['attendance_marks', 'check_ins'])

/** The latest hybrid clock among the entries, so that what is written next is ordered after what was seen. */
export const latestHlcOf = (entries: readonly LogEntry[], known: string | undefined): string | undefined =>
  entries.reduce<string | undefined>((latest, { table_name, row }) => {
    const hlc = withClock.has(table_name) ? row?.['hlc'] : undefined
    return typeof hlc === 'string' && (latest === undefined || hlc > latest) ? hlc : latest
  }, known)
