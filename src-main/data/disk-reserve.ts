import { randomBytes } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { open, rename, rm, statfs } from 'node:fs/promises'
import path from 'node:path'
import { DomainError } from '../../src-shared/errors.ts'
import { diskProblem } from './sqlite.ts'

/** Room that is kept for the last work of a day when the disk fills up (FAULTS D4). */
export interface Reserve {
  /** Gives it free at once; answers whether there was any. */
  readonly release: () => boolean
  /** Takes it, where it is not taken yet and the disk has room for that and for more. */
  readonly hold: () => Promise<void>
  /** The disk is so full that there is none. */
  readonly isMissing: () => boolean
}

export interface ReserveOptions {
  readonly folder: string
  readonly bytes?: number
  /** Free bytes of the disk. */
  readonly free?: (folder: string) => Promise<number>
}

/** Some ten thousand payments. */
const usualBytes = 20 * 1024 * 1024
const pieceBytes = 1024 * 1024

export const reserveIn = ({ folder, bytes = usualBytes, free = freeBytes }: ReserveOptions): Reserve => {
  const file = path.join(folder, 'reserve')
  let isMissing = false
  let isTaking = false
  const isHeld = (): boolean => statSync(file, { throwIfNoEntry: false })?.size === bytes

  const take = async (): Promise<void> => {
    // Who has just made a little room should have it.
    const hasRoom = isHeld() || (await free(folder)) >= 3 * bytes
    if (hasRoom && !isHeld()) await writeReserve(file, bytes)
    isMissing = !hasRoom
  }
  return {
    release: () => {
      if (!isHeld()) return false
      rmSync(file, { force: true })
      isMissing = true
      return true
    },
    hold: async () => {
      if (isTaking) return
      isTaking = true
      await take().finally(() => (isTaking = false))
    },
    isMissing: () => isMissing,
  }
}

/** Does the work; where there is no room for it, once more with the reserve. What was refused has left nothing. */
export const withReserve = async <T>(
  reserve: Pick<Reserve, 'release'> | undefined,
  work: () => Promise<T>,
): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!isFull(error) || !reserve?.release()) throw error
    return work()
  }
}

const isFull = (error: unknown): boolean =>
  (error instanceof DomainError ? error : diskProblem(error))?.code === 'disk_full'

const freeBytes = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** Of chance, which no disk makes smaller; whole, or not there. */
const writeReserve = async (file: string, bytes: number): Promise<void> => {
  const unfinished = `${file}.new`
  try {
    const handle = await open(unfinished, 'w', 0o600)
    try {
      for (let written = 0; written < bytes; written += pieceBytes) {
        await handle.write(randomBytes(Math.min(pieceBytes, bytes - written)))
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}
