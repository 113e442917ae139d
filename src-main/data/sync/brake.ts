import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'

/** So many rows of so many would go at once. */
export interface Removal {
  readonly removed: number
  readonly rows: number
}

/** What is in the replica. */
interface Here {
  /** How many of these rows. */
  readonly present: (rows: readonly LogEntry[]) => number
  /** How many rows in all. */
  readonly rows: () => Promise<number>
}

/** Fewer are a family that moved away. */
const fewestRemoved = 50
const largestShare = 0.05

const isLarge = ({ removed, rows }: Removal): boolean => removed >= fewestRemoved && removed > rows * largestShare

/**
 * What a batch takes away, if it is more than a twentieth of this facility: somebody's DELETE without WHERE must not empty
 * the counters too before a person has looked (FAULTS S11, SPEC F7). What came and went while this desk was off takes nothing
 * away here.
 */
export const largeRemoval = async (entries: readonly LogEntry[], here: Here): Promise<Removal | undefined> => {
  const last = new Map(entries.map((entry) => [`${entry.table_name}/${entry.row_id}`, entry]))
  const gone = [...last.values()].filter(({ row }) => row === null)
  if (gone.length < fewestRemoved) return undefined
  const removed = here.present(gone)
  if (removed < fewestRemoved) return undefined
  const removal = { removed, rows: await here.rows() }
  return isLarge(removal) ? removal : undefined
}

/** The same for a replica that takes the place of another. */
export const largeLoss = (before: number, after: number): Removal | undefined => {
  const loss = { removed: before - after, rows: before }
  return isLarge(loss) ? loss : undefined
}
