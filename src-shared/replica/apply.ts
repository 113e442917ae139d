import { DomainError } from '../errors.ts'
import { columnNames, wireDecoder } from '../schema/derive.ts'
import type { Table } from '../schema/table.ts'
import type { LogEntry } from './log-entry.ts'
import { allTables } from './schema.ts'
import type { ReplicaDatabase, ReplicaStatement } from './sqlite.ts'

/** Writes entries of the log into the replica; part of the caller's transaction. */
export interface Applier {
  readonly apply: (entries: readonly LogEntry[]) => void
  /** The same for many entries at once, and in any order between tables: for a replica that nobody reads yet. */
  readonly load: (entries: readonly LogEntry[]) => void
  /** Whether the replica shows this entry's row already, to the last column. */
  readonly isShown: (entry: LogEntry) => boolean
}

type Image = Readonly<Record<string, unknown>>

interface TableApplier {
  readonly put: (row: Image) => void
  readonly putMany: (rows: readonly Image[]) => void
  readonly remove: (rowId: string) => void
  readonly isShown: (entry: LogEntry) => boolean
}

export const applierFor = (db: ReplicaDatabase): Applier => {
  /** Prepared when they are first used: a day's log is about few of them. */
  const appliers = new Map<string, TableApplier>()
  const of = ({ table_name }: LogEntry): TableApplier => {
    const known = appliers.get(table_name)
    if (known) return known
    const table = allTables.find(({ name }) => name === table_name)
    if (!table) throw new Error(`Unknown table ${table_name}`)
    const applier = tableApplier(db, table)
    appliers.set(table_name, applier)
    return applier
  }
  return {
    apply: (entries) =>
      orOutdated(() => {
        for (const entry of entries) {
          if (entry.row === null) of(entry).remove(entry.row_id)
          else of(entry).put(entry.row)
        }
      }),
    load: (entries) =>
      orOutdated(() => {
        for (const ofTable of Map.groupBy(entries, of)) loadTable(...ofTable)
      }),
    isShown: (entry) => of(entry).isShown(entry),
  }
}

/** What PostgreSQL holds is whole: where a column is missing, the server does not have it yet. Throws `update_needed`. */
const orOutdated = (work: () => void): void => {
  try {
    work()
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'SQLITE_CONSTRAINT_NOTNULL'
    if (!isMissing) throw error
    throw new DomainError('update_needed', 'The server is older than this program.', { part: 'server' })
  }
}

const loadTable = (table: TableApplier, entries: readonly LogEntry[]): void => {
  let rows: Image[] = []
  for (const { row, row_id } of entries) {
    if (row !== null) {
      rows.push(row)
      continue
    }
    table.putMany(rows)
    rows = []
    table.remove(row_id)
  }
  table.putMany(rows)
}

/** More rows in one statement hardly save more. */
const rowsPerInsert = 50

const tableApplier = (db: ReplicaDatabase, table: Table): TableApplier => {
  const names = columnNames(table).map((name) => `"${name}"`)
  const decode = wireDecoder(table)
  const one = `(${names.map(() => '?').join(', ')})`
  const putSql = (rows: number): string =>
    `insert into "${table.name}" (${names.join(', ')}) values ${Array.from({ length: rows }, () => one).join(', ')}
      on conflict (id) do update set ${names.map((name) => `${name} = excluded.${name}`).join(', ')}`
  const put = db.prepare(putSql(1))
  let putSome: ReplicaStatement | undefined
  const remove = db.prepare(`delete from "${table.name}" where id = ?`)
  const read = db.prepare(`select ${names.join(', ')} from "${table.name}" where id = ?`).raw()

  return {
    put: (row) => put.run(decode(row)),
    putMany(rows) {
      const whole = rows.length - (rows.length % rowsPerInsert)
      for (let from = 0; from < whole; from += rowsPerInsert) {
        putSome ??= db.prepare(putSql(rowsPerInsert))
        putSome.run(rows.slice(from, from + rowsPerInsert).flatMap(decode))
      }
      for (const row of rows.slice(whole)) put.run(decode(row))
    },
    remove: (rowId) => remove.run([rowId]),
    isShown({ row, row_id }) {
      const shown = read.get([row_id]) as readonly unknown[] | undefined
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
    return typeof hlc === 'string' ? laterOf(latest, hlc) : latest
  }, known)

export const laterOf = (known: string | undefined, hlc: string): string =>
  known === undefined || hlc > known ? hlc : known
