import { z } from 'zod'
import { mostRowIds, rowsRequest, rowsResponse } from '../../../src-shared/contract/health.ts'
import { rowText } from '../../../src-shared/replica/digest.ts'
import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import { allTables } from '../../../src-shared/replica/schema.ts'
import { columnNames, wireDecoder } from '../../../src-shared/schema/derive.ts'
import type { Table } from '../../../src-shared/schema/table.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import type { Server } from '../sync/server.ts'

export interface RowsParts {
  readonly server: Pick<Server, 'post'>
  readonly handle: string
}

/** Rows that are not what the server has, by table. */
export type WrongRows = ReadonlyMap<string, readonly string[]>

/** With more than this, fetching everything again is quicker. */
const mostWrongRows = 1000

/**
 * Goes through all rows of these tables on both sides and names those that differ. What changed meanwhile, or is changed
 * by something unsent, may be among them: it does no harm to look at a row once more. Undefined when there are too many.
 */
export const findWrongRows = async (
  parts: RowsParts,
  db: SqliteDatabase,
  tables: readonly string[],
): Promise<WrongRows | undefined> => {
  const wrong = new Map<string, readonly string[]>()
  let count = 0
  for (const name of tables) {
    const ids = await wrongIdsOf(parts, db, tableOf(name), mostWrongRows - count)
    if (!ids) return undefined
    count += ids.length
    wrong.set(name, ids)
  }
  return wrong
}

const wrongIdsOf = async (
  { server, handle }: RowsParts,
  db: SqliteDatabase,
  table: Table,
  most: number,
): Promise<readonly string[] | undefined> => {
  const wrong: string[] = []
  const decode = wireDecoder(table)
  const stored = rowsBetween(db, table)
  let after: string | null = null
  do {
    const body = rowsRequest.parse({ handle, table: table.name, of: { after } })
    const { rows, next }: z.infer<typeof rowsResponse> = await server.post('/v1/rows', body, rowsResponse)
    const here = stored(after, next)
    for (const { row_id, row } of rows) {
      if ((row === null ? undefined : rowText(table, decode(row))) !== here.get(row_id)) wrong.push(row_id)
      here.delete(row_id)
    }
    // What is left is nowhere else.
    wrong.push(...here.keys())
    after = next
    if (wrong.length > most) return undefined
  } while (after !== null)
  return wrong
}

/** The stored rows with ids after one and up to another, as text by their id; null is before, or after, everything. */
const rowsBetween = (db: SqliteDatabase, table: Table) => {
  const names = columnNames(table)
  const columns = names.map((name) => `"${name}"`).join(', ')
  const idAt = names.indexOf('id')
  return (after: string | null, to: string | null): Map<string, string> => {
    const bounds = [after === null ? [] : ['id > ?', after], to === null ? [] : ['id <= ?', to]]
    const where = bounds.map(([bound]) => bound ?? 'true').join(' and ')
    const values = bounds.flatMap(([, value]) => value ?? [])
    // Every column is named, in the order of the definition.
    const rows = db.prepare(`select ${columns} from "${table.name}" where ${where}`).raw().all(values) as unknown[][]
    return new Map(rows.map((row) => [String(row[idAt]), rowText(table, row)]))
  }
}

/** Fetches these rows as they are at a position, as entries that make them right. Throws `position_gone`. */
export const fetchRows = async (
  { server, handle }: RowsParts,
  wrong: WrongRows,
  position: number,
): Promise<readonly LogEntry[]> => {
  const entries: LogEntry[] = []
  for (const [table_name, ids] of wrong) {
    // What is no id was never on the server.
    const [known, broken] = [ids.filter(isId), ids.filter((id) => !isId(id))]
    for (let from = 0; from < known.length; from += mostRowIds) {
      const of = { position, ids: known.slice(from, from + mostRowIds) }
      const body = rowsRequest.parse({ handle, table: table_name, of })
      const { rows } = await server.post('/v1/rows', body, rowsResponse)
      entries.push(...rows.map((row) => ({ ...row, position, table_name })))
    }
    entries.push(...broken.map((row_id) => ({ position, table_name, row_id, row: null })))
  }
  return entries
}

const isId = (text: string): boolean => z.uuid().safeParse(text).success

const tableOf = (name: string): Table => {
  const table = allTables.find((each) => each.name === name)
  if (!table) throw new Error(`Unknown table ${name}`)
  return table
}
