import { epochOf } from '../../../src-shared/contract/handle.ts'
import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import type { LogEvent } from './feed.ts'

/** Where a stream of the log begins. */
export interface Place {
  readonly position: number
  /** Undefined for the beginning of a log that nobody knows yet. */
  readonly handle: string | undefined
}

/**
 * Looks at each event of a stream whether it goes on where the last one ended (SPEC F5). The client can begin anew by itself
 * when it suspects a cache. It says so only by another handle, or, where a cache keeps what came first, not even by that;
 * what was deleted in between would stay. Throws; then the server is asked from where the replica is.
 */
export const sameLog = (from: Place): ((event: LogEvent, handle: string | undefined) => void) => {
  let { position, handle: known } = from
  return (event, handle) => {
    if (event.kind === 'must-refetch') return
    if (known !== undefined && handle !== known) throw new Error('The log began anew without a word')
    known = handle
    // The positions of a plain Electric service are in no order.
    if (epochOf(handle) === undefined) return
    const [first, last] = event.kind === 'entries' ? endsOf(event.entries) : [event.position + 1, event.position]
    if (first <= position) throw new Error('The log went back')
    position = last
  }
}

const endsOf = (entries: readonly LogEntry[]): readonly [number, number] => [
  entries[0]?.position ?? 0,
  entries.at(-1)?.position ?? 0,
]
