import type { Query } from '../../src-shared/queries/query.ts'
import type { Bridge } from '../../src-shared/contract/bridge.ts'
import { createLiveRead, type LiveRead } from './live-read.ts'
import type { Live } from './live-value.ts'

/** The answers of queries, one per (query, arguments), read again when a table that they read has changed. */
export interface LiveReads {
  readonly subscribe: <A, R>(query: Query<A, R>, args: A, listener: () => void) => () => void
  readonly current: <A, R>(query: Query<A, R>, args: A) => Live<R>
  /** Rows of these tables are different now. */
  readonly tablesChanged: (tables: readonly string[]) => void
  /** Somebody else is signed in: nothing that was read before may be shown. */
  readonly reset: () => void
}

/** Answers that nobody looks at any more are kept for the way back, this many. */
const maxIdle = 40

export const createLiveReads = (bridge: Bridge): LiveReads => {
  const reads = new Map<string, LiveRead>()

  const readOf = (name: string, args: unknown): LiveRead => {
    const key = `${name} ${JSON.stringify(args)}`
    const known = reads.get(key)
    if (known) return known
    const read = createLiveRead(bridge, name, args)
    reads.set(key, read)
    return read
  }

  const forgetIdle = (): void => {
    const idle = [...reads].filter(([, read]) => !read.isWatched())
    for (const [key] of idle.slice(0, Math.max(0, idle.length - maxIdle))) reads.delete(key)
  }

  return {
    subscribe: (query, args, listener) => {
      const unsubscribe = readOf(query.name, args).subscribe(listener)
      return () => {
        unsubscribe()
        forgetIdle()
      }
    },

    // The border: what the query named `R` returned comes back under the same name.
    current: <A, R>(query: Query<A, R>, args: A) => readOf(query.name, args).current() as Live<R>,

    tablesChanged: (tables) => {
      for (const [key, read] of reads) {
        if (!read.isTouchedBy(tables)) continue
        if (read.isWatched()) read.tablesChanged(tables)
        else reads.delete(key)
      }
    },

    reset: () => {
      for (const [key, read] of reads) {
        if (read.isWatched()) read.reset()
        else reads.delete(key)
      }
    },
  }
}
