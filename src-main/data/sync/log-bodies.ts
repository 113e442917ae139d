import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import { retryAfterMs } from './retry-after.ts'
import { Outage } from './server.ts'

/** A message in an answer of the log, as far as it matters here. */
interface WireMessage {
  readonly value?: WireEntry
  readonly headers: { readonly operation?: string }
}

interface WireEntry {
  readonly position: string | number
  readonly table_name: string
  readonly row_id: string
  /** PostgreSQL's JSON as text, as Electric sends it. */
  readonly row: string | null
}

export interface LogBodies {
  /** For the client, which gets one small message in place of all entries of an answer. */
  readonly fetch: typeof fetch
  /** The entries that the message with this value stands for, once; each piece is read when it is asked for. */
  readonly take: (value: Readonly<Record<string, unknown>>) => Iterable<readonly LogEntry[]>
}

/** Some milliseconds of work: local writes get in between. */
const entriesPerPiece = 250

/**
 * Takes the entries out of the answers before the client reads them: its parser calls a function for every value in every
 * row, which was a quarter of a first sync. A body that is none of ours throws, and the client tries again later.
 */
export const logBodies = (deviceFetch: typeof fetch, random: () => number): LogBodies => {
  const parcels = new Map<number, readonly WireEntry[]>()
  let last = 0
  return {
    fetch: async (input, init) => {
      const response = await deviceFetch(input, init).catch(laterOf)
      if (response.status !== 200) return withOwnPause(response, random)
      // Not our form, or an empty one: the client knows what to do with it.
      const messages = JSON.parse(await response.text()) as readonly WireMessage[]
      const entries = messages.filter(isEntry).flatMap(({ value }) => value ?? [])
      const rest: unknown[] = messages.filter((message) => message.value === undefined)
      if (entries.length > 0) {
        last += 1
        parcels.set(last, entries)
        rest.unshift({ key: String(last), value: { parcel: last }, headers: { operation: 'insert' } })
      }
      return new Response(JSON.stringify(rest), response)
    },
    take: ({ parcel }) => {
      const entries = parcels.get(Number(parcel))
      // Going on without them would leave a hole.
      if (!entries) throw new Error('The entries of an answer of the log are not there')
      // Those before it were fetched ahead and never asked for.
      for (const number of parcels.keys()) if (number <= Number(parcel)) parcels.delete(number)
      return piecesOf(entries)
    },
  }
}

/** "Later", said of the token already: the client would come back as after a cut line. */
const laterOf = (error: unknown): Response => {
  if (!(error instanceof Outage) || error.retryAfterMs === 0) throw error
  return new Response(null, { status: 503, headers: { 'retry-after': String(error.retryAfterMs / 1000) } })
}

/** As the outbox: everybody was told the same. */
const longestSpreadMs = 4000

/** The client waits as long as it is told, be it a day (SPEC F6), and to the millisecond (FAULTS N11). */
const withOwnPause = (response: Response, random: () => number): Response => {
  if (!response.headers.has('retry-after')) return response
  const leastMs = retryAfterMs(response.headers)
  const own = new Response(response.body, response)
  own.headers.set('retry-after', String((leastMs + random() * Math.min(leastMs, longestSpreadMs)) / 1000))
  return own
}

/** The log only grows: an Electric that is told of its compaction says delete of what was taken out, which changes no row. */
const isEntry = ({ headers }: WireMessage): boolean => headers.operation === 'insert'

const piecesOf = function* (entries: readonly WireEntry[]): Generator<readonly LogEntry[]> {
  for (let from = 0; from < entries.length; from += entriesPerPiece) {
    yield entries.slice(from, from + entriesPerPiece).map(toEntry)
  }
}

const toEntry = ({ position, table_name, row_id, row }: WireEntry): LogEntry => ({
  position: Number(position),
  table_name,
  row_id,
  // A row image is an object.
  row: row === null ? null : (JSON.parse(row) as Readonly<Record<string, unknown>>),
})
