import { DomainError } from '../../../src-shared/errors.ts'
import { isDamage, type SqliteDatabase } from '../sqlite.ts'
import { carryOver } from './carry-over.ts'
import { openReplica, type Replica, type ReplicaParts } from './replica.ts'

export interface ShownParts extends Omit<ReplicaParts, 'file'> {
  readonly fileOf: (generation: number) => string
  /** Which one `desk.db` names. */
  readonly generation: number
}

export interface Shown {
  readonly replica: Replica
  readonly generation: number
}

/**
 * Opens the replica that the desk shows. What cannot be used as it is stays where it is until another one is whole: offline
 * it is all that there is (DESIGN.md §5). A file that cannot be read makes place for a new one beside it; one of another
 * version's shape is carried over.
 */
export const openShown = async (parts: ShownParts): Promise<Shown> => {
  const { generation } = parts
  const replica = openUnlessDamaged(parts, generation)
  if (replica instanceof Object) {
    flushIfPossible(replica)
    return { replica, generation }
  }
  if (replica === 'damaged') return { replica: resume(parts, generation + 1), generation: generation + 1 }
  return renewShape(parts)
}

/** A kill can have come between its last commit and that it was on the disk (SPEC F9). A disk that is full now shows it all the same. */
const flushIfPossible = ({ flush }: Replica): void => {
  try {
    flush()
  } catch {
    // The next start tries it again.
  }
}

const openUnlessDamaged = (parts: ShownParts, generation: number): Replica | 'damaged' | 'another_shape' => {
  try {
    return openReplica({ ...parts, file: parts.fileOf(generation) }) ?? 'another_shape'
  } catch (error) {
    if (error instanceof DomainError && error.code === 'database_unreadable') return 'damaged'
    throw error
  }
}

/** A first sync into the next file that was cut goes on where it was. */
const resume = (parts: ShownParts, generation: number): Replica => {
  const replica = openUnlessDamaged(parts, generation)
  return replica instanceof Object ? replica : makeNew(parts, generation)
}

const makeNew = (parts: ShownParts, generation: number): Replica => {
  const file = parts.fileOf(generation)
  parts.disk.remove(file)
  const replica = openReplica({ ...parts, file })
  if (!replica) throw new Error(`${file} is new and has another shape`)
  return replica
}

const renewShape = async (parts: ShownParts): Promise<Shown> => {
  const { disk, key, fileOf, generation } = parts
  const fresh = makeNew(parts, generation + 1)
  const old = disk.open(fileOf(generation), { key, synchronous: 'NORMAL' })
  const isCarried = await carryUnlessDamaged(old, fresh).finally(() => old.close())
  return { replica: isCarried ? fresh : await startAgain(parts, fresh), generation: generation + 1 }
}

/** Half of the rows would be shown as all of them. */
const startAgain = async (parts: ShownParts, { close }: Replica): Promise<Replica> => {
  await close()
  return makeNew(parts, parts.generation + 1)
}

const carryUnlessDamaged = async (old: SqliteDatabase, fresh: Replica): Promise<boolean> => {
  try {
    return await carryOver(old, fresh)
  } catch (error) {
    if (isDamage(error) || isMisfit(error)) return false
    throw error
  }
}

/** A column that has changed its type. */
const isMisfit = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_CONSTRAINT')
