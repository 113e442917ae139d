import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import { retryAfterMs } from './retry-after.ts'

/** A message in an answer of the log, as far as it matters here. */
interface WireMessage {
  readonly value?: {
    readonly position: string | number
    readonly table_name: string
    readonly row_id: string
    /** PostgreSQL's JSON as text, as Electric sends it. */
    readonly row: string | null
  }
  readonly headers: { readonly operation?: string }
}

export interface LogBodies {
  /** For the client, which gets one small message in place of all entries of an answer. */
  readonly fetch: typeof fetch
  /** The entries that the message with this value stands for; once. */
  readonly take: (value: Readonly<Record<string, unknown>>) => readonly LogEntry[]
}

/**
 * Takes the entries out of the answers before the client reads them: its parser calls a function for every value in every
 * row, which was a quarter of a first sync. A body that is none of ours throws, and the client tries again later.
 */
export const logBodies = (deviceFetch: typeof fetch): LogBodies => {
  const parcels = new Map<number, readonly LogEntry[]>()
  let last = 0
  return {
    fetch: async (input, init) => {
      const response = await deviceFetch(input, init)
      if (response.status !== 200) return withBoundedPause(response)
      // Not our form, or an empty one: the client knows what to do with it.
      const messages = JSON.parse(await response.text()) as readonly WireMessage[]
      const entries = messages.filter(isEntry).flatMap(toEntry)
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
      return entries
    },
  }
}

/** The client waits as long as it is told, be it a day (FAULTS F6). */
const withBoundedPause = (response: Response): Response => {
  if (!response.headers.has('retry-after')) return response
  const bounded = new Response(response.body, response)
  bounded.headers.set('retry-after', String(retryAfterMs(response.headers) / 1000))
  return bounded
}

/** The log only grows: an Electric that is told of its compaction says delete of what was taken out, which changes no row. */
const isEntry = ({ headers }: WireMessage): boolean => headers.operation === 'insert'

const toEntry = ({ value }: WireMessage): LogEntry | [] =>
  value === undefined
    ? []
    : {
        position: Number(value.position),
        table_name: value.table_name,
        row_id: value.row_id,
        // A row image is an object.
        row: value.row === null ? null : (JSON.parse(value.row) as Readonly<Record<string, unknown>>),
      }
