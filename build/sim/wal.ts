import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const headerBytes = 32
const frameHeaderBytes = 24
/** Where the wal-index says how many frames are in the database file already (SQLite's WalCkptInfo.nBackfill). */
const backfillOffset = 96

/** Which generation of the log it is. */
const saltOf = (log: Buffer): Buffer => log.subarray(16, 24)

/** Numbers of frames after which a transaction ends, in the present generation of the log. */
const commitsIn = (log: Buffer): readonly number[] => {
  if (log.length < headerBytes) return []
  const pageBytes = log.readUInt32BE(8)
  const salt = saltOf(log)
  const commits: number[] = []
  const frameBytes = frameHeaderBytes + pageBytes
  for (let frame = 0; headerBytes + (frame + 1) * frameBytes <= log.length; frame += 1) {
    const at = headerBytes + frame * frameBytes
    if (!log.subarray(at + 8, at + 16).equals(salt)) break
    if (log.readUInt32BE(at + 4) !== 0) commits.push(frame + 1)
  }
  return commits
}

const framesInFile = (file: string): number => {
  const index = `${file}-shm`
  if (!existsSync(index)) return 0
  const bytes = readFileSync(index)
  return bytes.length < backfillOffset + 4 ? 0 : bytes.readUInt32LE(backfillOffset)
}

/**
 * The wal-index does not outlive a kill, and what was in the database file before it must still survive a power cut: the
 * log was forced for that. Kept beside the file, for the generation of the log that it is about.
 */
const forcedNote = (file: string): string => `${file}-forced`

const framesForced = (file: string, log: Buffer): number => {
  const note = existsSync(forcedNote(file)) ? readFileSync(forcedNote(file), 'utf8') : ''
  const [salt, frames] = note.split(' ')
  const known = salt === saltOf(log).toString('hex') ? Number(frames) : 0
  return Math.max(known, framesInFile(file))
}

interface CopyOptions {
  readonly from: string
  readonly to: string
  /**
   * What a power cut leaves of the last transactions, chosen among all that is possible: undefined when each one was
   * forced to the disk. A checkpoint forces the log first, so what is in the file already stays.
   */
  readonly survivors: ((possible: number) => number) | undefined
}

/** Copies a database as it would be found after its computer went off. Answers how many transactions were lost. */
export const copyAfterCrash = ({ from, to, survivors }: CopyOptions): number => {
  writeFileSync(to, readFileSync(from))
  if (!existsSync(`${from}-wal`)) return 0
  const log = readFileSync(`${from}-wal`)
  const commits = commitsIn(log)
  const checkpointed = framesForced(from, log)
  writeFileSync(forcedNote(to), `${saltOf(log).toString('hex')} ${checkpointed}`)
  const open = commits.filter((frame) => frame > checkpointed)
  const kept = survivors ? survivors(open.length) : open.length
  const lastFrame = kept === 0 ? checkpointed : (open[kept - 1] ?? checkpointed)
  const frameBytes = frameHeaderBytes + (log.length < headerBytes ? 0 : log.readUInt32BE(8))
  writeFileSync(`${to}-wal`, survivors ? log.subarray(0, headerBytes + lastFrame * frameBytes) : log)
  return open.length - kept
}
