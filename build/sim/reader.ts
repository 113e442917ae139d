import { existsSync, statSync } from 'node:fs'
import { openEncrypted } from '../../src-main/data/sqlite.ts'

type Value = string | number | null
export type Row = Readonly<Record<string, Value>>

/** Looks into a replica from outside, without the engine. */
export interface Reader {
  /** Whether this is still the file of that name: a first load that begins anew makes another one. */
  readonly isOf: (file: string) => boolean
  readonly all: (sql: string, ...values: readonly Value[]) => readonly Row[]
  readonly value: (sql: string, ...values: readonly Value[]) => Value | undefined
  /** Whether the first sync came to its end. */
  readonly isComplete: () => boolean
  readonly state: () => {
    readonly file: string
    readonly position: number
    readonly handle: string | undefined
    readonly isOfToday: boolean
  }
  readonly close: () => void
}

const readerOf = (file: string, key: Uint8Array): Reader => {
  const { ino } = statSync(file)
  const db = openEncrypted(file, { key, synchronous: 'NORMAL', readonly: true })
  const kept = new Map<string, ReturnType<typeof db.prepare>>()
  const prepared = (sql: string): ReturnType<typeof db.prepare> => {
    const known = kept.get(sql) ?? db.prepare(sql)
    kept.set(sql, known)
    return known
  }
  const all: Reader['all'] = (sql, ...values) =>
    // Columns of the replica hold nothing else.
    prepared(sql).all(values) as Row[]
  const value: Reader['value'] = (sql, ...values) => Object.values(all(sql, ...values)[0] ?? {})[0]
  const state = (): Partial<{
    position: number
    handle: string
    isComplete: boolean
    isOfToday: boolean
  }> =>
    JSON.parse(String(value("select value from replica_state where key = 'state'") ?? '{}')) as ReturnType<typeof state>
  return {
    isOf: (other) => other === file && statSync(file).ino === ino,
    all,
    value,
    isComplete: () => state().isComplete ?? false,
    state: () => {
      const { position = 0, handle, isOfToday = false } = state()
      return { file, position, handle, isOfToday }
    },
    close: () => db.close(),
  }
}

/** The one reader of a device. */
export interface ShownReader {
  /** Of the replica that is shown now; undefined while its first sync has not come to its end. */
  readonly readerOf: (file: string) => Reader | undefined
  readonly close: () => void
}

export const shownReader = (key: Uint8Array): ShownReader => {
  let reader: Reader | undefined
  const close = (): void => {
    reader?.close()
    reader = undefined
  }
  return {
    readerOf(file) {
      // A first load that could not begin anew has left none.
      const isThere = existsSync(file)
      if (!isThere || !reader?.isOf(file)) close()
      if (!isThere) return undefined
      reader ??= readerOf(file, key)
      return reader.isComplete() ? reader : undefined
    },
    close,
  }
}
