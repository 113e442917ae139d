import type { SqliteDatabase } from '../sqlite.ts'
import { anyRow, rowsKey } from './read-recorder.ts'

type Row = Readonly<Record<string, unknown>>

/** Which rows the unsent commands looked at, kept with the rows themselves. */
export interface UnsentReads {
  readonly remember: (seq: number, keys: Iterable<string>) => void
  /** The first command after `seq` that looked at this row, as it is in any of these images; undefined when none did. */
  readonly firstReader: (table: string, images: readonly (Row | undefined)[], seq: number) => number | undefined
  readonly forgetAfter: (seq: number) => void
  readonly forgetUpTo: (seq: number) => void
}

export const unsentReads = (db: SqliteDatabase): UnsentReads => {
  const insert = db.prepare('insert or ignore into unsent_reads (key, seq) values (?, ?)')
  const first = db.prepare('select min(seq) from unsent_reads where key = ? and seq > ?').pluck()
  const deleteAfter = db.prepare('delete from unsent_reads where seq > ?')
  const deleteUpTo = db.prepare('delete from unsent_reads where seq <= ?')
  const columnsOf = columnsByTable(db)

  return {
    remember(seq, keys) {
      for (const key of keys) {
        insert.run(key, seq)
        learn(columnsOf, key)
      }
    },
    firstReader(table, images, seq) {
      const keys = new Set([anyRow])
      for (const columns of columnsOf.get(table)?.values() ?? []) {
        for (const image of images)
          if (image)
            keys.add(
              rowsKey(
                table,
                columns,
                columns.map((name) => image[name]),
              ),
            )
      }
      const found = [...keys].map((key) => first.get(key, seq)).filter((each) => each !== null)
      return found.length === 0 ? undefined : Math.min(...found.map(Number))
    },
    forgetAfter: (seq) => deleteAfter.run(seq),
    forgetUpTo: (seq) => deleteUpTo.run(seq),
  }
}

/** By which columns rows of a table were asked for: few, as the commands are few. */
type Columns = Map<string, Map<string, readonly string[]>>

const columnsByTable = (db: SqliteDatabase): Columns => {
  const known: Columns = new Map()
  const keys = db.prepare("select distinct substr(key, 1, instr(key, ')')) from unsent_reads").pluck().all()
  for (const key of keys) learn(known, String(key))
  return known
}

const learn = (known: Columns, key: string): void => {
  const [, table, columns] = /^(\w+)\(([^)]*)\)/.exec(key) ?? []
  if (table === undefined || columns === undefined || known.get(table)?.has(columns)) return
  const ofTable = known.get(table) ?? new Map<string, readonly string[]>()
  known.set(table, ofTable.set(columns, columns === '' ? [] : columns.split(',')))
}
