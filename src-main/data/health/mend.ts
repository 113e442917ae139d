import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import { type Batch, progressIn, type RebaseParts, replay } from '../sync/rebase.ts'

/** What was put right. */
export interface Mended {
  /** Rows that were wrong, by table. */
  readonly rows: ReadonlyMap<string, number>
  /** Tables in which something may look different now. */
  readonly touched: readonly string[]
}

/**
 * Puts rows right in one transaction: below what is unsent, which is undone before and run again after, so that it is
 * shown all the time (SPEC H5). The place in the log stays; undefined when the replica is no more where the rows are from.
 */
export const mendRows = (
  parts: RebaseParts,
  entries: readonly LogEntry[],
  at: Pick<Batch, 'position' | 'handle'>,
): Promise<Mended | undefined> =>
  parts.replica.transact(async (tx) => {
    const { replica, applier, profile } = parts
    const { position, handle } = replica.state.read()
    if (position !== at.position || handle !== at.handle) return undefined
    const touched = new Set(replica.live().images.undoAfter(0))
    const wrong = entries.filter((entry) => !applier.isShown(entry))
    applier.apply(wrong)
    for (const { table_name } of wrong) touched.add(table_name)
    const progress = progressIn(replica.db, profile.device_id)
    for (const table of await replay(tx, parts, progress)) touched.add(table)
    replica.db.prepare('delete from local_refusals where seq <= ?').run(progress)
    const rows = Map.groupBy(wrong, (entry) => entry.table_name)
    return {
      rows: new Map([...rows].map(([table, { length }]) => [table, length])),
      touched: [...touched],
    }
  })
