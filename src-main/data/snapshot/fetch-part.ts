import type { SnapshotExtent, SnapshotManifest } from '../../../src-shared/contract/snapshot.ts'
import { requestHeader } from '../../../src-shared/contract/http.ts'
import type { Environment } from '../environment.ts'
import { retryAfterMs } from '../sync/retry-after.ts'
import { Outage, type Server } from '../sync/server.ts'

export interface Line {
  readonly url: string
  readonly server: Pick<Server, 'fetch'>
  readonly environment: Pick<Environment, 'clock' | 'random'>
  readonly signal: AbortSignal
}

/** The server was reached, and does not give what was asked for. */
export class NotGiven extends Error {
  /** 0 where what came was never whole. */
  readonly status: number

  constructor(status: number) {
    super(`The server answered ${status}`)
    this.name = 'NotGiven'
    this.status = status
  }

  /** It is not there (any more), as opposed to: it cannot be had. */
  get isGone(): boolean {
    return this.status === 404
  }
}

/** Our server is there, and has no time. */
class Busy extends Outage {}

/** These mean "later", and are waited through like an outage. Not 500: what fails every time may be this snapshot alone. */
const laterStatuses = new Set([429, 502, 503, 504])

/** How often the server may be reached in a row without bringing us on by one byte. */
const mostFailures = 8

/** After so many outages in a row without a byte, a minute or more, it is asked whether the log comes. */
const doubtAfter = 20

/** As the outbox waits: short, so that an outage's end is noticed soon. */
const firstPauseMs = 250
const longestPauseMs = 4000

/**
 * Tries until there is an answer: without a line, or a server that has time, the log would not come either. Where it does
 * come, something on the way keeps snapshots from us. `attempt` throws Outage, NotGiven, or whatever a cut answer makes; it
 * tells through `hasCome` whether it came on.
 */
const persistently = async <T>(line: Line, attempt: (hasCome: () => void) => Promise<T>): Promise<T> => {
  let failures = 0
  let outages = 0
  /** Then one more try: the line may have come back just now. */
  let isLogComing = false
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt(() => {
        failures = 0
        outages = 0
        tries = 0
      })
    } catch (error) {
      line.signal.throwIfAborted()
      if (error instanceof NotGiven && error.status < 500) throw error
      if (!(error instanceof Outage)) failures += 1
      if (failures >= mostFailures) throw error instanceof NotGiven ? error : new NotGiven(0)
      outages = error instanceof Outage && !(error instanceof Busy) ? outages + 1 : 0
      if (outages > 0 && isLogComing) throw new NotGiven(0)
      isLogComing = outages > 0 && outages % doubtAfter === 0 && (await logComes(line))
      const leastMs = error instanceof Outage ? error.retryAfterMs : 0
      const spreadMs = line.environment.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** tries)
      await pause(line, leastMs + firstPauseMs / 2 + spreadMs)
    }
  }
}

const pause = async ({ environment, signal }: Line, milliseconds: number): Promise<void> => {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = environment.clock.after(milliseconds, end)
    signal.addEventListener('abort', end)
  })
  signal.throwIfAborted()
}

const logComes = async ({ url, server, signal }: Line): Promise<boolean> => {
  try {
    const response = await server.fetch(`${url}/v1/shape?table=sync_log&offset=-1`, { signal })
    await response.body?.cancel()
    return response.status === 200
  } catch {
    signal.throwIfAborted()
    return false
  }
}

const request = async ({ url, server, signal }: Line, path: string): Promise<Response> => {
  const response = await server.fetch(url + path, { signal })
  if (response.status === 200) return response
  await response.body?.cancel()
  const { status, headers } = response
  if (!laterStatuses.has(status)) throw new NotGiven(status)
  const Later = headers.has(requestHeader) ? Busy : Outage
  throw new Later(new Error(`HTTP ${status}`), undefined, retryAfterMs(headers))
}

/** What the server says of its snapshot, unread. Throws NotGiven. */
export const fetchManifest = async (line: Line, extent: SnapshotExtent): Promise<unknown> =>
  persistently(
    line,
    async () => JSON.parse(await (await request(line, `/v1/snapshot?extent=${extent}`)).text()) as unknown,
  )

/** A part as it was sent; what was cut goes on at its byte. Throws NotGiven. */
export const fetchPart = async (line: Line, { id, parts }: SnapshotManifest, number: number): Promise<Uint8Array> => {
  const packed = new Uint8Array(parts[number]?.bytes ?? 0)
  let from = 0
  return persistently(line, async (hasCome) => {
    const response = await request(line, `/v1/snapshot/part?id=${id}&part=${number}&from=${from}`)
    for await (const chunk of response.body ?? []) {
      // More than was said: its hash will not fit either.
      if (from + chunk.length > packed.length) return packed
      packed.set(chunk, from)
      from += chunk.length
      hasCome()
    }
    if (from < packed.length) throw new Error('The part was cut')
    return packed
  })
}
