import { columnNames, wireDecoder } from '../../../src-shared/schema/derive.ts'
import type { Table } from '../../../src-shared/schema/table.ts'
import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import { allTables } from '../../../src-shared/replica/schema.ts'
import type { ChangedRow } from '../replica/before-images.ts'
import type { Replica } from '../replica/replica.ts'
import type { SqliteDatabase } from '../sqlite.ts'

/** What a batch asks of the replica. */
export interface RebasePlan {
  /** Unsent commands up to this one stay as they are: nothing that they read or wrote changes below them (SPEC R6). */
  readonly keptUpTo: number
  /** Rows that decided commands had changed and the log has not: they go back to what they were. */
  readonly restored: readonly ChangedRow[]
  /** What of the batch is not there already. */
  readonly applied: readonly LogEntry[]
}

interface PlanParts {
  readonly replica: Replica
  readonly entries: readonly LogEntry[]
  /** Up to which command this device's work is decided once the batch is in. */
  readonly progress: number
  /** It was further before: what was decided then is unsent again, and nothing is known of what it read. */
  readonly isRewound: boolean
}

type Image = Readonly<Record<string, unknown>>

/** Who may do what is looked up before each rerun, for whoever did it (`permissionsOf`). */
export const permissionTables: ReadonlySet<string> = new Set(['staff', 'role_assignments', 'role_permissions'])

/** To look whom a row concerns takes as long as rerunning this part of a command. */
const entriesPerRerun = 25

/**
 * Finds the first unsent command that the batch concerns. For each row it compares what the row was below all unsent
 * work with what the log makes of it. Where that is the same, nothing changes for anybody. Where it is not, the commands
 * that wrote the row or looked at it must run again, and all after them, which may build on them.
 */
export const planRebase = ({ replica, entries, progress, isRewound }: PlanParts): RebasePlan => {
  const { images } = replica.live()
  const { appliedSeq } = replica.state.read()
  const latest = new Map(entries.map((entry) => [keyOf(entry), entry]))
  const decided = images.rowsUpTo(progress)
  const restored = decided.filter((row) => !latest.has(keyOf(row)))
  const unsent = Math.max(0, appliedSeq - progress)
  if (unsent === 0 || isRewound || latest.size > unsent * entriesPerRerun) {
    return { keptUpTo: progress, restored, applied: [...latest.values()] }
  }
  return planAround({ replica, latest, restored, progress, last: appliedSeq })
}

interface Around {
  readonly replica: Replica
  readonly latest: ReadonlyMap<string, LogEntry>
  readonly restored: readonly ChangedRow[]
  readonly progress: number
  readonly last: number
}

const planAround = ({ replica, latest, restored, progress, last }: Around): RebasePlan => {
  const { images, reads } = replica.live()
  const shownRow = rowReader(replica.db)
  const applied: LogEntry[] = []
  let keptUpTo = last

  /** Answers whether the row changes. */
  const meet = (row: ChangedRow, after: Image | undefined): boolean => {
    const writer = images.firstWriter(row, progress)
    const before = writer ? writer.before : shownRow(row)
    if (isSame(row.table_name, before, after)) return false
    const reader = permissionTables.has(row.table_name)
      ? progress + 1
      : reads.firstReader(row.table_name, [before, after], progress)
    keptUpTo = Math.min(keptUpTo, (writer?.seq ?? last + 1) - 1, (reader ?? last + 1) - 1)
    return true
  }

  for (const entry of latest.values()) if (meet(entry, imageOf(entry))) applied.push(entry)
  const changed = restored.filter((row) => meet(row, images.original(row, progress)))
  return { keptUpTo, restored: changed, applied }
}

const keyOf = ({ table_name, row_id }: ChangedRow): string => `${table_name}/${row_id}`

const tables = new Map<string, Table>(allTables.map((table) => [table.name, table]))

const tableOf = (name: string): Table => {
  const table = tables.get(name)
  if (!table) throw new Error(`Unknown table ${name}`)
  return table
}

/** The row of an entry as the replica would hold it. */
const imageOf = ({ table_name, row }: LogEntry): Image | undefined => {
  if (row === null) return undefined
  const table = tableOf(table_name)
  const values = wireDecoder(table)(row)
  return Object.fromEntries(columnNames(table).map((name, index) => [name, values[index]]))
}

const isSame = (tableName: string, one: Image | undefined, other: Image | undefined): boolean => {
  if (!one || !other) return one === other
  return columnNames(tableOf(tableName)).every((name) => one[name] === other[name])
}

const rowReader = (db: SqliteDatabase): ((row: ChangedRow) => Image | undefined) => {
  const statements = new Map<string, ReturnType<SqliteDatabase['prepare']>>()
  return ({ table_name, row_id }) => {
    const statement =
      statements.get(table_name) ?? db.prepare(`select * from "${tableOf(table_name).name}" where id = ?`)
    statements.set(table_name, statement)
    return statement.get(row_id) as Image | undefined
  }
}
