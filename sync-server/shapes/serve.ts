import { z } from 'zod'
import { DomainError } from '../../src-shared/errors.ts'
import type { Db } from '../db/tx.ts'
import type { Answer } from '../routes/answer.ts'
import { fitsHandle, type LogName, newHandle } from './handle.ts'
import { isWhole } from './body.ts'
import { type ChunkLimit, type Head, type LogRead, readLog } from './log.ts'
import type { LogReader } from './log-reader.ts'
import type { LogWaiters } from './log-waiters.ts'
import { formatOffset, fromStart, type Offset, parseOffset } from './offset.ts'

/** Ours, or one of an Electric that we stand in front of. */
const offsetForm = /^(-1|\d{1,20}_(\d{1,20}|inf))$/

/** What a client asks for. `table`, `where` and `columns` are not even read: the token says whose log it is. */
export const shapeQuery = z.object({
  offset: z.string().regex(offsetForm, 'offset has an invalid format'),
  handle: z.string().max(200).optional(),
  live: z.string().optional(),
  cursor: z.string().max(100).optional(),
  expired_handle: z.string().max(200).optional(),
  /** The log of `office` is a second shape, for devices that were enrolled as office. */
  audience: z.enum(['desk', 'office']).default('desk'),
})
export type ShapeQuery = z.infer<typeof shapeQuery>

export const isLive = ({ live }: Pick<ShapeQuery, 'live'>): boolean => live !== undefined && live !== 'false'

export interface ShapeContext {
  readonly db: Db
  readonly log: LogName
  readonly waiters: LogWaiters
  readonly logs: LogReader
  readonly limit: ChunkLimit
  readonly pollSeconds: number
  readonly deviceId: string
  /** Of the client that asks. */
  readonly signal: AbortSignal
  /** One read of a device after the other, also of live requests that are behind. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
  /** Looks whether the device may read now: before anything of the log goes out. Throws `device_revoked`. */
  readonly check: () => Promise<unknown>
  /** Told that the client has been where this log has never been, in the history of this epoch. Answers the epoch now. */
  readonly doubt: (epoch: string) => Promise<string>
}

/** Answers one request for the log, in Electric's HTTP protocol (reference/SHAPE-PROTOCOL.md §2-6). */
export const serveShape = async (query: ShapeQuery, context: ShapeContext): Promise<Answer> => {
  const offset = parseOffset(query.offset)
  if (offset === undefined) throw new DomainError('invalid_input', 'offset has an invalid format.')
  if (offset === fromStart) {
    if (isLive(query)) throw new DomainError('invalid_input', 'live needs an offset other than -1.')
    return serveStart(query, context)
  }
  if (query.handle === undefined) throw new DomainError('invalid_input', 'handle is needed when offset is not -1.')
  return isLive(query) ? serveLive(offset, query, context) : serveCatchUp(offset, query, context)
}

const serveStart = async (query: ShapeQuery, context: ShapeContext): Promise<Answer> => {
  const { db, log, limit } = context
  const { head, chunk } = await checked(context, readLog(db, { log, after: theStart, limit }))
  const isUsable = query.handle && query.handle !== query.expired_handle && fitsHandle(query.handle, log, head.epoch)
  const handle = isUsable ? query.handle : newHandle(log, head.epoch)
  // Never up-to-date: the client must ask once more (§4), and then learns that there is no more.
  const offset = { position: chunk?.reached ?? head.position, since: head.position }
  return answer({ handle, offset, body: `[${chunk?.messages ?? ''}]`, headers: schemaHeader })
}

/** A load from the start: everything, without what was deleted before. */
const theStart = { position: 0, since: 'head' } as const

const serveCatchUp = async (offset: Offset, query: ShapeQuery, context: ShapeContext): Promise<Answer> => {
  const { db, log, limit } = context
  const read = await checked(context, readLog(db, { log, after: offset, limit }))
  if (isGone(offset, query, log, read.head)) return mustRefetch({ offset, query, head: read.head }, context)
  return answerFrom({ offset, handle: query.handle, read }, context, schemaHeader)
}

/** What was read, if the device may have it. Both are looked up at once. */
const checked = async ({ check }: ShapeContext, reading: Promise<LogRead>): Promise<LogRead> => {
  const [read] = await Promise.all([reading, check()])
  return read
}

const serveLive = async (offset: Offset, query: ShapeQuery, context: ShapeContext): Promise<Answer> => {
  const { log, logs, waiters, signal, deviceId, inTurn } = context
  const readNow = async (): Promise<LogRead> => inTurn(async () => checked(context, logs.read(log, offset)))
  const wait = waiters.wait(log, { milliseconds: context.pollSeconds * 1000, signal, deviceId })
  try {
    const known = logs.known(log)
    // Who has all that there is waits without a look into the database.
    const isUpToDate = known?.position === offset.position && !isGone(offset, query, log, known)
    let read = isUpToDate ? { head: known, chunk: undefined } : await readNow()
    if (!isGone(offset, query, log, read.head) && !read.chunk) {
      await wait.woken
      // The head is read again in any case: "received up to" should be as late as it can be said to be.
      if (!signal.aborted) read = await readNow()
    }
    if (isGone(offset, query, log, read.head)) return await mustRefetch({ offset, query, head: read.head }, context)
    return answerFrom({ offset, handle: query.handle, read }, context, {
      'electric-cursor': nextCursor(query, context),
    })
  } finally {
    wait.stop()
  }
}

/** The client must start afresh: another history, a place where this one has never been, or removals it has missed. */
const isGone = (offset: Offset, query: ShapeQuery, log: LogName, head: Head): boolean =>
  !fitsHandle(query.handle ?? '', log, head.epoch) ||
  isBeyond(offset, head) ||
  Math.max(offset.position, offset.since) < head.prunedTo

const isBeyond = ({ position, since }: Offset, head: Head): boolean => position > head.position || since > head.position

interface Found {
  readonly offset: Offset
  readonly handle: string | undefined
  readonly read: LogRead
}

/** Up-to-date when the whole rest fitted. */
const answerFrom = (
  { offset, handle, read }: Found,
  { logs }: ShapeContext,
  headers: Readonly<Record<string, string>>,
): Answer => {
  const { head, chunk } = read
  const { text, gzip } = logs.bodyOf(read)
  if (chunk && !isWhole(read)) {
    const reached = { position: chunk.reached, since: offset.since }
    return { ...answer({ handle, offset: reached, body: text, headers }), gzip }
  }
  const upToDate = { 'electric-up-to-date': '', ...(chunk?.messages ? {} : { 'electric-has-data': 'false' }) }
  const reached = { position: head.position, since: 0 }
  return { ...answer({ handle, offset: reached, body: text, headers: { ...headers, ...upToDate } }), gzip }
}

interface Lost {
  readonly offset: Offset
  readonly query: ShapeQuery
  readonly head: Head
}

/** Who was beyond the head in this very history has seen what was undone since: then it is another history (FAULTS S5). */
const mustRefetch = async ({ offset, query, head }: Lost, { log, doubt }: ShapeContext): Promise<Answer> => {
  const isUndone = fitsHandle(query.handle ?? '', log, head.epoch) && isBeyond(offset, head)
  const epoch = isUndone ? await doubt(head.epoch) : head.epoch
  return {
    status: 409,
    headers: { ...noCache, 'electric-handle': newHandle(log, epoch) },
    body: '[{"headers":{"control":"must-refetch"}}]',
  }
}

const noCache = { 'cache-control': 'private, no-store' }

interface Parts {
  readonly handle: string | undefined
  readonly offset: Offset
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

const answer = ({ handle, offset, body, headers }: Parts): Answer => ({
  status: 200,
  headers: { ...noCache, 'electric-handle': handle ?? '', 'electric-offset': formatOffset(offset), ...headers },
  body,
})

/** The columns as a real Electric service would describe them. */
const schemaHeader = {
  'electric-schema': JSON.stringify({
    position: { type: 'int8', pk_index: 2, not_null: true },
    table_name: { type: 'text', not_null: true },
    row_id: { type: 'uuid', not_null: true },
    row: { type: 'jsonb' },
  }),
}

/** Electric counts from here, so that a cursor never goes back when its service takes over. */
const cursorEpochMs = Date.UTC(2024, 9, 9)

/** Only ever grows, so that no cache between us answers the next live request with this answer (§6). */
const nextCursor = ({ cursor }: ShapeQuery, { pollSeconds }: ShapeContext): string => {
  const seconds = (Date.now() - cursorEpochMs) / 1000
  const step = Math.ceil(pollSeconds)
  const next = Math.ceil(seconds / step) * step
  const last = /^\d{1,15}$/.test(cursor ?? '') ? Number(cursor) : 0
  return String(next > last ? next : last + 1 + Math.floor(Math.random() * 3600))
}
