import { setImmediate } from 'node:timers/promises'
import { digestSum, emptyDigest, type TableDigest, tableForm } from '../../src-shared/replica/digest.ts'
import { wireDecoder } from '../../src-shared/schema/derive.ts'
import type { Audience, Table } from '../../src-shared/schema/table.ts'
import { syncedTables } from '../../src-shared/schema/tables.ts'
import type { Db } from '../db/tx.ts'
import type { LogName } from '../shapes/handle.ts'
import { textHash } from './hash.ts'
import { type Change, readChanges } from './log-changes.ts'
import { forgetUnused, readStored, saveStored, type StoredDigest } from './stored.ts'

export interface FoldParts {
  readonly db: Db
  readonly log: LogName
  /** Asked between pieces of some ten milliseconds. Throws when the rest must wait; what was counted is kept. */
  readonly check: () => void
}

/** Every table of a log, with the form in which this server counts it. */
export const formsOf = (audience: Audience): ReadonlyMap<string, string> =>
  new Map(
    Object.values<Table>(syncedTables)
      .filter((table) => table.audience === audience)
      .map((table) => [table.name, tableForm(table, textHash)]),
  )

/**
 * The digests of a log at a position, by table: the stored ones and what the log changed between, so it costs what has
 * changed since the last time. What is behind the position is brought there and stored; what is ahead, for a device that
 * is a little late, is counted back. The caller sees to it that the log was not compacted beyond the position.
 */
export const digestsAt = async (parts: FoldParts, position: number): Promise<ReadonlyMap<string, TableDigest>> => {
  const stored = await readStored(parts.db, parts.log)
  const digests = [...formsOf(parts.log.audience)].map(
    ([table, form]) =>
      stored.find((known) => known.table === table && known.form === form) ?? uncounted({ table, form }),
  )
  const behind = digests.filter((digest) => digest.position <= position)
  const ahead = digests.filter((digest) => digest.position > position)
  const there = [...(await forward(parts, behind, position)), ...(await backward(parts, ahead, position))]
  return new Map(there.map(({ table, rows, digest }) => [table, { rows, digest }]))
}

/**
 * Brings the stored digests of a log up to a position, before images are taken out of the log that are needed to go on
 * from where they are. Without it nothing would be wrong, but all rows be counted anew.
 */
export const foldDigests = async (db: Db, log: LogName, position: number): Promise<void> => {
  await forgetUnused(db, log, unusedDays)
  const forms = formsOf(log.audience)
  const digests = await readStored(db, log)
  const behind = digests.filter((digest) => digest.position < position && forms.get(digest.table) === digest.form)
  await forward({ db, log, check: () => undefined }, behind, position)
}

const unusedDays = 30

const uncounted = ({ table, form }: Pick<StoredDigest, 'table' | 'form'>): StoredDigest => ({
  ...emptyDigest,
  table,
  form,
  position: 0,
  base: 0,
})

/** Those that are furthest behind go first, up to where others are; then they go on together. */
const forward = async (
  parts: FoldParts,
  digests: readonly StoredDigest[],
  position: number,
): Promise<readonly StoredDigest[]> => {
  const last = Math.min(...digests.map((digest) => digest.position))
  if (last >= position) return digests
  const late = digests.filter((digest) => digest.position === last)
  const rest = digests.filter((digest) => digest.position > last)
  const moved = await forwardOnce(parts, late, Math.min(position, ...rest.map((digest) => digest.position)))
  parts.check()
  return forward(parts, [...moved, ...rest], position)
}

/** One step for digests that are all at one position. */
const forwardOnce = async (
  { db, log }: FoldParts,
  digests: readonly StoredDigest[],
  to: number,
): Promise<readonly StoredDigest[]> => {
  const from = digests[0]?.position ?? to
  const tables = digests.map(({ table }) => table)
  const { changes, reached, compactedTo } = await readChanges(db, log, { tables, from, to })
  const isLost = ({ position, base }: StoredDigest): boolean =>
    position > 0 && position < compactedTo && base !== compactedTo
  const going = digests.filter((digest) => !isLost(digest))
  const moved = (await counted(going, changes, 1)).map((digest) => ({
    ...digest,
    position: reached,
    base: compactedTo,
  }))
  if (moved.length > 0) await saveStored(db, log, moved)
  return [...moved, ...digests.filter(isLost).map(uncounted)]
}

/** Not stored: who asks next is hardly later than this one. */
const backward = async (
  parts: FoldParts,
  digests: readonly StoredDigest[],
  position: number,
): Promise<readonly StoredDigest[]> => {
  const there: StoredDigest[] = []
  for (const [from, group] of Map.groupBy(digests, (digest) => digest.position)) {
    const tables = group.map(({ table }) => table)
    let back: readonly StoredDigest[] = group
    for (let reached = position; reached < from;) {
      const read = await readChanges(parts.db, parts.log, { tables, from: reached, to: from })
      back = await counted(back, read.changes, -1)
      reached = read.reached
      parts.check()
    }
    there.push(...back)
  }
  return there
}

/** Rows that are hashed before others get their turn. */
const rowsInARow = 250

/** The digests after the changes (1), or before them (-1). */
const counted = async (
  digests: readonly StoredDigest[],
  changes: readonly Change[],
  direction: 1 | -1,
): Promise<readonly StoredDigest[]> => {
  const sums = new Map(digests.map((digest) => [digest.table, sumOf(digest)]))
  for (const [n, { table_name, before, after }] of changes.entries()) {
    const sum = sums.get(table_name)
    if (!sum) continue
    const [gone, come] = direction === 1 ? [before, after] : [after, before]
    if (gone) sum.remove(sum.decode(gone))
    if (come) sum.add(sum.decode(come))
    if (n % rowsInARow === rowsInARow - 1) await setImmediate()
  }
  return digests.map((digest) => ({ ...digest, ...sums.get(digest.table)?.read() }))
}

const sumOf = (digest: StoredDigest) => {
  const table: Table | undefined = Object.values<Table>(syncedTables).find(({ name }) => name === digest.table)
  if (!table) throw new Error(`Unknown table ${digest.table}`)
  return { ...digestSum(table, textHash, digest), decode: wireDecoder(table) }
}
