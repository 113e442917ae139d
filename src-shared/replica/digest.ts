import { columnNames } from '../schema/derive.ts'
import type { Table } from '../schema/table.ts'

/** What a set of rows comes to: equal on both sides when the rows are equal, in whatever order they were counted. */
export interface TableDigest {
  readonly rows: number
  /** The sum of the rows' hashes modulo 2^128, as 32 hexadecimal digits. */
  readonly digest: string
}

/** At least 16 bytes, each as one character (Latin-1). It comes in as an argument: hashing is not for every program. */
export type TextHash = (text: string) => string

/** Adds rows up, and takes them out again. Row values are in the order of the table's definition, decoded. */
export interface DigestSum {
  readonly add: (values: readonly unknown[]) => void
  readonly remove: (values: readonly unknown[]) => void
  readonly read: () => TableDigest
}

export const emptyDigest: TableDigest = { rows: 0, digest: '0'.repeat(32) }

/**
 * Digests of one table can be compared where the form is the same: a program of another version may know other columns.
 */
export const tableForm = (table: Table, hash: TextHash): string => {
  const columns = Object.entries(table.columns).map(([name, { pg }]) => `${name} ${pg}`)
  return toHex(hash(columns.join(',')).slice(0, 8))
}

/** What is hashed of a row: its table, and every value in the form in which a replica stores it. */
export const rowText = (table: Table, values: readonly unknown[]): string =>
  JSON.stringify([table.name, ...values.map(toStored)])

/** Counts on from a digest. A sum of hashes needs no order, and one row costs the same whatever the table's size. */
export const digestSum = (table: Table, hash: TextHash, from: TableDigest = emptyDigest): DigestSum => {
  const width = columnNames(table).length
  const parts = toParts(from.digest)
  let { rows } = from
  let unsettled = 0

  const count = (values: readonly unknown[], sign: 1 | -1): void => {
    if (values.length !== width) throw new Error(`${table.name} has ${width} columns, not ${values.length}`)
    const bytes = hash(rowText(table, values))
    for (let n = 0; n < parts.length; n += 1) parts[n] = (parts[n] ?? 0) + sign * wordAt(bytes, n * 4)
    rows += sign
    unsettled += 1
    if (unsettled < mostUnsettled) return
    settle(parts)
    unsettled = 0
  }

  return {
    add: (values) => count(values, 1),
    remove: (values) => count(values, -1),
    read: () => {
      settle(parts)
      return { rows, digest: parts.map((part) => part.toString(16).padStart(8, '0')).join('') }
    },
  }
}

/** SQLite has no booleans, and PostgreSQL's big integers arrive in other forms than small ones. */
const toStored = (value: unknown): unknown => {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'bigint') return Number(value)
  return value
}

const word = 2 ** 32
/** So many words of 32 bits fit into the 53 bits that a number holds exactly. */
const mostUnsettled = 2 ** 20

const wordAt = (bytes: string, at: number): number =>
  bytes.charCodeAt(at) * 2 ** 24 +
  bytes.charCodeAt(at + 1) * 2 ** 16 +
  bytes.charCodeAt(at + 2) * 2 ** 8 +
  bytes.charCodeAt(at + 3)

const toParts = (digest: string): number[] => {
  if (!/^[0-9a-f]{32}$/.test(digest)) throw new Error('A digest has 32 hexadecimal digits')
  return [0, 8, 16, 24].map((at) => Number.parseInt(digest.slice(at, at + 8), 16))
}

/** Carries from the last part to the first; what goes beyond 128 bits falls away. */
const settle = (parts: number[]): void => {
  let carry = 0
  for (let n = parts.length - 1; n >= 0; n -= 1) {
    const sum = (parts[n] ?? 0) + carry
    carry = Math.floor(sum / word)
    parts[n] = sum - carry * word
  }
}

const toHex = (bytes: string): string =>
  Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
