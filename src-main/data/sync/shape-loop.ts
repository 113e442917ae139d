import { isChangeMessage, type Message, ShapeStream } from '@electric-sql/client'
import { epochOf } from '../../../src-shared/contract/handle.ts'
import type { Environment } from '../environment.ts'
import type { LogEvent } from './feed.ts'
import { type LogBodies, logBodies } from './log-bodies.ts'
import { type Place, sameLog } from './same-log.ts'
import type { Server } from './server.ts'

export interface ShapeLoopParts {
  readonly url: string
  readonly server: Pick<Server, 'fetch'>
  readonly environment: Pick<Environment, 'random'>
  /** Where to go on; position 0 without a handle starts from the beginning. */
  readonly from: Place & { readonly since: number }
  /** One event after the other; the next is asked for when this is done. */
  readonly onEvent: (event: LogEvent, handle: string | undefined) => Promise<void>
  /** Called at most once: the stream has ended, because of the server's final answer or of an event that failed. */
  readonly onEnd: (error: unknown) => void
}

/** Follows the facility log with the official client; `stop` ends it. */
export const followLog = ({
  url,
  server,
  environment,
  from,
  onEvent,
  onEnd,
}: ShapeLoopParts): { readonly stop: () => void } => {
  const abort = new AbortController()
  const end = (error: unknown): void => {
    if (abort.signal.aborted) return
    abort.abort()
    onEnd(error)
  }
  const bodies = logBodies(server.fetch, environment.random)
  const requireSameLog = sameLog(from)
  const stream = new ShapeStream({
    url: `${url}/v1/shape`,
    ...(from.handle === undefined ? {} : { offset: `${from.position}_${from.since}`, handle: from.handle }),
    params: { table: 'sync_log' },
    fetchClient: bodies.fetch,
    signal: abort.signal,
    backoffOptions: { initialDelay: 250, maxDelay: 4000, multiplier: 2 },
    warnOnHttp: false,
    onError: end,
  })
  stream.subscribe(async (messages) => {
    try {
      const since = sinceIn(stream.lastOffset, stream.shapeHandle)
      for (const event of toLogEvents(messages, bodies, since)) {
        if (abort.signal.aborted) return
        requireSameLog(event, stream.shapeHandle)
        await onEvent(event, stream.shapeHandle)
      }
    } catch (error) {
      // What the client did with it would end the process. The replica knows its position, and goes on from there.
      end(error)
    }
  }, end)
  return { stop: () => abort.abort() }
}

/** Our server's offsets say where a load began; those of a plain Electric something else. */
const sinceIn = (offset: string, handle: string | undefined): number =>
  epochOf(handle) === undefined ? 0 : Number(/^\d+_(\d+)$/.exec(offset)?.[1] ?? 0)

const toLogEvents = function* (messages: readonly Message[], bodies: LogBodies, since: number): Generator<LogEvent> {
  for (const message of messages) {
    if (isChangeMessage(message)) {
      for (const entries of bodies.take(message.value)) yield { kind: 'entries', entries, since }
      continue
    }
    const { control } = message.headers
    if (control === 'must-refetch') yield { kind: 'must-refetch' }
    if (control === 'up-to-date') yield upToDate(message.headers)
  }
}

/** Our server adds its clock at that position; a plain Electric does not. */
const upToDate = (headers: Readonly<Record<string, unknown>>): LogEvent => {
  const serverTime = headers['server_time']
  return {
    kind: 'up-to-date',
    position: Number(headers['global_last_seen_lsn'] ?? 0),
    serverTime: typeof serverTime === 'string' ? serverTime : undefined,
  }
}
