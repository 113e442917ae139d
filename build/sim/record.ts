import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs'
import { z } from 'zod'
import type { SeedResult } from './run.ts'

/** What must be the same for all seeds of a record. */
interface RecordOrder {
  readonly from: number
  readonly operations: number
  /** Of the program: what was found holds for that alone. */
  readonly commit: string
}

/** A long run in pieces: each seed that is done is a line of a file, and is not done again. */
export interface SeedRecord {
  readonly order: RecordOrder
  readonly results: readonly SeedResult[]
  readonly add: (result: SeedResult) => void
}

/** The record is of something else; the text says what to do. */
export class OtherRecord extends Error {}

const line = z.strictObject({
  from: z.int(),
  operations: z.int(),
  commit: z.string(),
  seed: z.int(),
  violations: z.array(z.strictObject({ invariant: z.string(), message: z.string() })),
  counts: z.record(z.string(), z.number()),
  virtualMs: z.number(),
  cpuMs: z.number(),
  digest: z.string(),
  tail: z.array(z.string()),
})

interface Wanted extends Omit<RecordOrder, 'from'> {
  /** Undefined: any, where the record begins anew. */
  readonly from: number | undefined
  readonly isMixed: boolean
}

/** Opens a record, or begins one. Throws OtherRecord. */
export const openRecord = (file: string, wanted: Wanted): SeedRecord => {
  const lines = linesOf(file).map((text) => line.parse(JSON.parse(text)))
  const [first] = lines
  if (first) requireSame(file, first, wanted)
  if (!wanted.isMixed) for (const { commit } of lines) requireCommit(file, commit, wanted.commit)
  const order: RecordOrder = {
    from: first?.from ?? wanted.from ?? Math.floor(Math.random() * 1_000_000_000),
    operations: wanted.operations,
    commit: wanted.commit,
  }
  return {
    order,
    results: lines.map(({ from: _from, operations: _operations, commit: _commit, ...result }) => result),
    add: (result) => appendFileSync(file, `${JSON.stringify({ ...order, ...result })}\n`),
  }
}

/** Without the line that a kill has cut, which goes out of the file too. */
const linesOf = (file: string): readonly string[] => {
  if (!existsSync(file)) return []
  const bytes = readFileSync(file)
  const end = bytes.lastIndexOf('\n') + 1
  if (end < bytes.length) truncateSync(file, end)
  return bytes.subarray(0, end).toString().split('\n').filter(Boolean)
}

const requireSame = (file: string, first: RecordOrder, wanted: Wanted): void => {
  const { from, operations } = first
  if (operations === wanted.operations && (wanted.from === undefined || from === wanted.from)) return
  throw new OtherRecord(
    `${file} is of seeds from ${from} with ${operations} operations: ` +
      `go on with --from ${from} --operations ${operations}, or name another file.`,
  )
}

const requireCommit = (file: string, recorded: string, present: string): void => {
  // Nobody knows whether two changed trees were changed alike.
  if (recorded === present && !present.endsWith(changed)) return
  throw new OtherRecord(
    `${file} has seeds of the program at ${recorded}, and this is ${present}: ` +
      'name another file, or go on with --mixed.',
  )
}

/** Stands behind the commit of a tree that has been changed since. */
export const changed = '+changes'
