import path from 'node:path'
import { type Applier, applierFor } from '../../../src-shared/replica/apply.ts'
import type { Desk } from '../desk/desk.ts'
import type { Disk } from '../environment.ts'
import type { Shown } from './open-shown.ts'

/** A replica by its number, with what writes the log into it. */
export interface Copy extends Shown {
  readonly applier: Applier
}

export const copyOf = (shown: Shown): Copy => ({ ...shown, applier: applierFor(shown.replica.db) })

export const replicaFile = (folder: string, generation: number): string => path.join(folder, `replica-${generation}.db`)

/** The number of the replica that is shown. */
export const namedIn = (desk: Desk): number => Number(desk.setting('replica') ?? 1)

/** Closes a copy that nobody needs any more, and deletes it. */
export const dropCopy = async (disk: Disk, { replica }: Copy): Promise<void> => {
  await replica.close()
  disk.remove(replica.file)
}

/** A kill right after a renewal has left them. */
export const removeReplaced = (disk: Disk, folder: string, named: number): void => {
  for (const old of [named - 2, named - 1]) disk.remove(replicaFile(folder, old))
}

interface Removal {
  /** At once: a file of this name may be made next. */
  readonly now: (generation: number) => void
  /** Beside other work: to delete a large file takes half a second. No other file gets this name. */
  readonly later: (generation: number) => Promise<void>
}

/** What the shown one has taken the place of, and a snapshot after it that was not finished. */
export const removeOthers = async (
  { now, later }: Removal,
  { from, shown }: Record<'from' | 'shown', number>,
): Promise<void> => {
  try {
    now(shown + 1)
    for (let each = from; each < shown; each += 1) await later(each)
  } catch {
    // The next start removes what is left.
  }
}
