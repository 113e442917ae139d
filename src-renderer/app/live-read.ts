import type { Bridge } from '../../src-shared/contract/bridge.ts'
import { call } from './bridge-call.ts'
import type { Live } from './live-value.ts'

/** One query with one set of arguments, and its newest answer. */
export interface LiveRead {
  readonly subscribe: (listener: () => void) => () => void
  readonly current: () => Live<unknown>
  readonly isWatched: () => boolean
  /** Whether the answer may be other than what is shown. A read under way counts: it may have missed the change. */
  readonly isTouchedBy: (tables: readonly string[]) => boolean
  readonly tablesChanged: (tables: readonly string[]) => void
  /** Forgets the answer and asks again. */
  readonly reset: () => void
}

const loading: Live<never> = { state: 'loading' }

export const createLiveRead = (bridge: Bridge, name: string, args: unknown): LiveRead => {
  const listeners = new Set<() => void>()
  const missed = new Set<string>()
  let live: Live<unknown> = loading
  let tables: ReadonlySet<string> = new Set()
  let isReading = false
  // Counts the reads that were started; the answer to any but the last one comes too late.
  let turn = 0

  const settle = (next: Live<unknown>): void => {
    live = next
    for (const listener of listeners) listener()
  }

  const read = async (): Promise<void> => {
    turn += 1
    const mine = turn
    isReading = true
    missed.clear()
    const reply = await call(bridge, 'query', { name, args })
    if (mine !== turn) return
    isReading = false
    if (reply.ok) tables = new Set(reply.value.tables)
    const isOld = missed.values().some((table) => tables.has(table))
    // A window that is alone for a moment goes on showing what it has; it hears of every table when it is connected again.
    if (reply.ok) settle({ state: 'ready', data: reply.value.result })
    else if (reply.error.code !== 'unavailable' || live.state !== 'ready')
      settle({ state: 'failed', error: reply.error })
    if (isOld && listeners.size > 0) await read()
    else if (isOld) live = loading
  }

  return {
    subscribe: (listener) => {
      listeners.add(listener)
      if (!isReading && live.state !== 'ready') void read()
      return () => {
        listeners.delete(listener)
        // What is read anew is known to be old: whoever comes back before the answer waits for it.
        if (isReading && listeners.size === 0) live = loading
      }
    },
    current: () => live,
    isWatched: () => listeners.size > 0,
    isTouchedBy: (changed) =>
      isReading || live.state !== 'ready' || changed.some((table) => table === '*' || tables.has(table)),
    tablesChanged: (changed) => {
      if (isReading) for (const table of changed) missed.add(table)
      else void read()
    },
    reset: () => {
      settle(loading)
      void read()
    },
  }
}
