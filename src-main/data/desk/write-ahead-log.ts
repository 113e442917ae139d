/** A page in a write-ahead log (sqlite.org/fileformat.html §4). */
export interface Frame {
  readonly number: number
  readonly page: Buffer
}

const headerBytes = 32
const frameHeaderBytes = 24
const pageBytes = 4096
const littleEndianMagic = 0x377f0682
const bigEndianMagic = 0x377f0683

interface ReadFrame extends Frame {
  readonly isCommit: boolean
  /** The sums of everything before it and of itself are right: SQLite reads as far as that. */
  readonly isReachable: boolean
}

/** The frames up to the last commit, also those behind a damaged one; those of an earlier round have another salt. */
export const committedFrames = (log: Uint8Array): readonly Frame[] => {
  const frames = framesOf(Buffer.from(log))
  return frames.slice(0, frames.findLastIndex(({ isCommit }) => isCommit) + 1)
}

/**
 * Whether SQLite would pass over commits without a word, because a frame before them is damaged. One is no proof: each
 * commit is synced before the next is written, so a power cut can leave one that is whole at its end alone, and that was
 * not answered "saved".
 */
export const hidesCommits = (log: Uint8Array): boolean =>
  framesOf(Buffer.from(log)).filter(({ isCommit, isReachable }) => isCommit && !isReachable).length > 1

const framesOf = (log: Buffer): readonly ReadFrame[] => {
  if (log.length < headerBytes) return []
  const magic = log.readUInt32BE(0)
  const isLittle = magic === littleEndianMagic
  let sums = summed(log.subarray(0, 24), [0, 0], isLittle)
  // The sums of zeros are zeros.
  let isReachable = (isLittle || magic === bigEndianMagic) && areAt(log, 24, sums)
  const places = placesIn(log)
  const salt = isReachable ? log.subarray(16, 24) : saltOfFirst(log, places)
  const frames: ReadFrame[] = []
  for (const at of places) {
    const begin = at + frameHeaderBytes
    if (!salt?.equals(saltAt(log, at))) {
      isReachable = false
      continue
    }
    const page = log.subarray(begin, begin + pageBytes)
    if (isReachable) {
      sums = summed(page, summed(log.subarray(at, at + 8), sums, isLittle), isLittle)
      isReachable = areAt(log, at + 16, sums)
    }
    frames.push({ number: log.readUInt32BE(at), page, isCommit: log.readUInt32BE(at + 4) !== 0, isReachable })
  }
  return frames
}

/** Where frames begin. */
const placesIn = (log: Buffer): readonly number[] => {
  const size = frameHeaderBytes + pageBytes
  return Array.from({ length: Math.floor((log.length - headerBytes) / size) }, (_, index) => headerBytes + index * size)
}

const saltAt = (log: Buffer, at: number): Buffer => log.subarray(at + 8, at + 16)

/** Of a log whose header is damaged: this round's frames are the first ones, and two of them agree though one may be damaged too. */
const saltOfFirst = (log: Buffer, places: readonly number[]): Buffer | undefined => {
  const salts = places.map((at) => saltAt(log, at))
  return salts.find((salt, index) => salts[index + 1]?.equals(salt)) ?? salts[0]
}

type Sums = readonly [number, number]

const areAt = (log: Buffer, at: number, [first, second]: Sums): boolean =>
  log.readUInt32BE(at) === first && log.readUInt32BE(at + 4) === second

const summed = (bytes: Buffer, [first, second]: Sums, isLittle: boolean): Sums => {
  let [a, b] = [first, second]
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + b + (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))) >>> 0
    b = (a + b + (isLittle ? bytes.readUInt32LE(at + 4) : bytes.readUInt32BE(at + 4))) >>> 0
  }
  return [a, b]
}
