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
  /** Who waits. One who waits too often at once ends its oldest wait. */
  readonly deviceId: string
}

/** A desk follows one log, an office two, and those of lines that died are held until their time is over. */
const mostWaitsOfDevice = 32

type End = (isWoken: boolean) => void

interface Wait {
  readonly woken: Promise<boolean>
  /** Must be called in the end. */
  readonly stop: () => void
}

export const createLogWaiters = (): LogWaiters => {
  const waiting = new Map<string, Set<End>>()
  const byDevice = new Map<string, Set<End>>()
  let isClosed = false

  const finish = (key: string, isWoken: boolean): void => {
    for (const end of waiting.get(key) ?? []) end(isWoken)
  }

  return {
    wait: (log, { milliseconds, signal, deviceId }) => {
      const key = keyOf(log.facilityId, log.audience)
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const timer = setTimeout(() => end(false), milliseconds)
      const onAbort = (): void => end(false)
      const end = (isWoken: boolean): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        remove(waiting, key, end)
        remove(byDevice, deviceId, end)
        resolve(isWoken)
      }
      signal.addEventListener('abort', onAbort)
      add(waiting, key, end)
      const [oldest, ...others] = add(byDevice, deviceId, end)
      if (others.length >= mostWaitsOfDevice) oldest?.(false)
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

const add = (groups: Map<string, Set<End>>, key: string, end: End): ReadonlySet<End> => {
  const group = (groups.get(key) ?? new Set<End>()).add(end)
  groups.set(key, group)
  return group
}

const remove = (groups: Map<string, Set<End>>, key: string, end: End): void => {
  const group = groups.get(key)
  group?.delete(end)
  if (group?.size === 0) groups.delete(key)
}

const keyOf = (facilityId: string, audience: string): string => `${facilityId}:${audience}`
