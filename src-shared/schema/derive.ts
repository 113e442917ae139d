import { z } from 'zod'
import type { RowOf, Columns, Table } from './table.ts'

/** The validator of one row, in the form used inside Foyer. */
export const rowSchema = <C extends Columns>(table: Table<C>): z.ZodType<RowOf<C>> => {
  const shape = Object.fromEntries(Object.entries(table.columns).map(([name, column]) => [name, column.schema]))
  // The object is built from the same columns as the type.
  return z.strictObject(shape) as unknown as z.ZodType<RowOf<C>>
}

const quoted = (name: string): string => `"${name}"`

/** `create table` for the replica: types, NOT NULL and the primary key, nothing more (STYLE.md §4, trap 7). */
export const sqliteTableDdl = (table: Table): string => {
  const columns = Object.entries(table.columns).map(
    ([name, column]) => `${quoted(name)} ${column.sqlite}${column.isNullable ? '' : ' not null'}`,
  )
  return `create table ${quoted(table.name)} (${columns.join(', ')}, primary key ("id")) strict, without rowid`
}

/** `create index` for each secondary index of the replica. */
export const sqliteIndexDdl = (table: Table): readonly string[] =>
  table.indexes.map((columns) => {
    const name = `${table.name}_by_${columns.join('_')}`
    return `create index ${quoted(name)} on ${quoted(table.name)} (${columns.map(quoted).join(', ')})`
  })

/** Decodes a row image of the facility log (PostgreSQL's `to_jsonb`) to column values in the order of the definition. */
export const wireDecoder = (table: Table): ((image: Readonly<Record<string, unknown>>) => unknown[]) => {
  const columns = Object.entries(table.columns)
  // A column that the server does not send yet (expand → migrate → contract) is null.
  return (image) => columns.map(([name, column]) => column.fromWire(image[name] ?? null))
}

/** The column names in the order of the definition, which is the order of `wireDecoder`. */
export const columnNames = (table: Table): readonly string[] => Object.keys(table.columns)
