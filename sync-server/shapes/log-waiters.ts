import type { LogName } from './handle.ts'

/** Wakes held requests when their log has grown. */
export interface LogWaiters {
  /**
   * Starts waiting now, so that nothing is missed between reading the log and waiting for more. `woken` is true when
   * there may be more, false when the time is over, the client has gone, or the server ends.
   */
  readonly wait: (log: LogName, options: WaitOptions) => Wait
  /** `position` is how far the log goes now, for those who want to know. */
  readonly wake: (facilityId: string, audience: string, position?: number) => void
  readonly wakeAll: () => void
  /** Ends every wait, also those that begin later: the server is closing. */
  readonly close: () => void
  readonly count: () => number
}

interface WaitOptions {
  readonly milliseconds: number
  readonly signal: AbortSignal
}

interface Wait {
  readonly woken: Promise<boolean>
  /** Must be called in the end. */
  readonly stop: () => void
}

export const createLogWaiters = (): LogWaiters => {
  const waiting = new Map<string, Set<(isWoken: boolean) => void>>()
  let isClosed = false

  const finish = (key: string, isWoken: boolean): void => {
    for (const end of waiting.get(key) ?? []) end(isWoken)
  }

  return {
    wait: (log, { milliseconds, signal }) => {
      const key = keyOf(log.facilityId, log.audience)
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const timer = setTimeout(() => end(false), milliseconds)
      const onAbort = (): void => end(false)
      const end = (isWoken: boolean): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        const others = waiting.get(key)
        others?.delete(end)
        if (others?.size === 0) waiting.delete(key)
        resolve(isWoken)
      }
      signal.addEventListener('abort', onAbort)
      const group = waiting.get(key) ?? new Set()
      waiting.set(key, group.add(end))
      if (isClosed || signal.aborted) end(false)
      return { woken: promise, stop: () => end(false) }
    },
    wake: (facilityId, audience) => finish(keyOf(facilityId, audience), true),
    wakeAll: () => {
      for (const key of waiting.keys()) finish(key, true)
    },
    close: () => {
      isClosed = true
      for (const key of waiting.keys()) finish(key, false)
    },
    count: () => [...waiting.values()].reduce((sum, group) => sum + group.size, 0),
  }
}

const keyOf = (facilityId: string, audience: string): string => `${facilityId}:${audience}`
