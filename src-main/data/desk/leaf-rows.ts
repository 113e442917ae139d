/** A row of some table, as it lies in a leaf of a b-tree: a column that is the row id is null among the values. */
export interface LeafRow {
  readonly rowId: number
  readonly values: readonly (string | number | null)[]
}

/** By their numbers, from 1. */
export type Pages = ReadonlyMap<number, Buffer>

const leafOfTable = 0x0d
/** Of the first page, before its b-tree begins. */
const fileHeaderBytes = 100

/**
 * Every row of every table that lies in these pages, whatever has become of the pages above them: the file format of
 * SQLite (sqlite.org/fileformat.html), as far as tables of text and integers go. `usable` is what a page holds without
 * what is reserved at its end.
 */
export const leafRows = (pages: Pages, usable: number): readonly LeafRow[] =>
  [...pages].flatMap(([number, page]) => rowsOfPage(pages, page, number === 1 ? fileHeaderBytes : 0, usable))

const rowsOfPage = (pages: Pages, page: Buffer, start: number, usable: number): readonly LeafRow[] => {
  if (page.readUInt8(start) !== leafOfTable) return []
  const cells = page.readUInt16BE(start + 3)
  return Array.from({ length: cells }, (_, index) => page.readUInt16BE(start + 8 + 2 * index)).flatMap((at) => {
    const row = rowAt(pages, page, at, usable)
    return row ? [row] : []
  })
}

interface Read {
  readonly value: number
  readonly next: number
}

const bytesOfLongest = 9

/** SQLite's variable-length integer; what is too large for a number is of no table of ours. */
const readVarint = (bytes: Buffer, at: number): Read => {
  let value = 0
  for (let index = 0; index < bytesOfLongest - 1; index += 1) {
    const byte = bytes.readUInt8(at + index)
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return { value, next: at + index + 1 }
  }
  return { value: value * 256 + bytes.readUInt8(at + bytesOfLongest - 1), next: at + bytesOfLongest }
}

const rowAt = (pages: Pages, page: Buffer, at: number, usable: number): LeafRow | undefined => {
  const size = readVarint(page, at)
  const rowId = readVarint(page, size.next)
  const payload = payloadAt(pages, page, { at: rowId.next, size: size.value, usable })
  const values = payload && valuesOf(payload)
  return values && { rowId: rowId.value, values }
}

interface Place {
  readonly at: number
  readonly size: number
  readonly usable: number
}

/** Undefined when a page that it goes on in is missing. */
const payloadAt = (pages: Pages, page: Buffer, { at, size, usable }: Place): Buffer | undefined => {
  const most = usable - 35
  if (size <= most) return page.subarray(at, at + size)
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const wanted = least + ((size - least) % (usable - 4))
  const local = wanted <= most ? wanted : least
  const parts = [page.subarray(at, at + local)]
  let next = page.readUInt32BE(at + local)
  for (let left = size - local; left > 0; left -= usable - 4) {
    const overflow = pages.get(next)
    if (!overflow) return undefined
    parts.push(overflow.subarray(4, 4 + Math.min(left, usable - 4)))
    next = overflow.readUInt32BE(0)
  }
  return Buffer.concat(parts)
}

const integerBytes = [0, 1, 2, 3, 4, 6, 8]

/** Undefined when it holds what none of our tables does. */
const valuesOf = (payload: Buffer): readonly (string | number | null)[] | undefined => {
  const header = readVarint(payload, 0)
  const values: (string | number | null)[] = []
  let at = header.value
  for (let next = header.next; next < header.value;) {
    const type = readVarint(payload, next)
    next = type.next
    const length = type.value >= 13 ? Math.floor((type.value - 13) / 2) : (integerBytes[type.value] ?? 0)
    if (type.value === 0) values.push(null)
    else if (type.value === 8 || type.value === 9) values.push(type.value - 8)
    else if (type.value < integerBytes.length) values.push(integerAt(payload, at, length))
    else if (type.value >= 13 && type.value % 2 === 1) values.push(payload.toString('utf8', at, at + length))
    else return undefined
    at += length
  }
  return values
}

const integerAt = (bytes: Buffer, at: number, length: number): number =>
  length === 8 ? Number(bytes.readBigInt64BE(at)) : bytes.readIntBE(at, length)
