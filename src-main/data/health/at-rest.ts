import type { Clock } from '../environment.ts'

/** How the other direction is doing. */
export interface Outbox {
  /** The server answers. */
  readonly isOnline: boolean
  /** Mutations that the log has not brought a decision of. */
  readonly waiting: number
  /** Up to which it has. */
  readonly progress: number
}

export interface RestWatch {
  /** Looks, and answers whether it has just come to rest: everything is sent, and the server answers. */
  readonly hasCome: () => boolean
  /** At rest; or online for long without any decision, for which what the replica holds may be the reason. */
  readonly canCompare: () => boolean
}

const stuckMs = 600_000

export const watchRest = (clock: Clock, outbox: () => Outbox): RestWatch => {
  let wasAtRest = false
  let last = { progress: -1, since: clock.now() }

  const look = (): boolean => {
    const { isOnline, waiting, progress } = outbox()
    const isAtRest = isOnline && waiting === 0
    if (isAtRest || !isOnline || progress !== last.progress) last = { progress, since: clock.now() }
    return isAtRest
  }

  return {
    hasCome: () => {
      const before = wasAtRest
      wasAtRest = look()
      return wasAtRest && !before
    },
    // A clock that jumps makes it compare once for nothing.
    canCompare: () => look() || Math.abs(clock.now() - last.since) > stuckMs,
  }
}
