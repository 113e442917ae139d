import { DomainError } from '../../src-shared/errors.ts'

/** Counts failed tries. One per process: N servers allow N times as many, which is still far too few to guess. */
export interface Attempts {
  /** Throws `too_many_attempts` when one of the keys has failed too often. */
  readonly check: (keys: readonly string[]) => void
  readonly fail: (keys: readonly string[]) => void
  /** What was counted just now was no failure, and no success. */
  readonly takeBack: (keys: readonly string[]) => void
  readonly succeed: (keys: readonly string[]) => void
}

interface Count {
  failures: number
  readonly startedAt: number
}

/** The most keys that are remembered, so that nobody can fill the memory with them. */
const maxKeys = 100_000

/** At most `max` failures per key in `seconds`; `now` in epoch milliseconds. */
export const createAttempts = (max: number, seconds: number, now: () => number): Attempts => {
  const counts = new Map<string, Count>()
  const current = (key: string): Count | undefined => {
    const count = counts.get(key)
    if (!count || now() - count.startedAt < seconds * 1000) return count
    counts.delete(key)
    return undefined
  }
  return {
    check: (keys) => {
      for (const key of keys) {
        const count = current(key)
        if (!count || count.failures < max) continue
        const wait = Math.ceil((count.startedAt + seconds * 1000 - now()) / 1000)
        throw new DomainError('too_many_attempts', `Too many wrong tries. Wait ${wait} seconds.`, {
          retry_after_seconds: wait,
        })
      }
    },
    fail: (keys) => {
      for (const key of keys) {
        const count = current(key)
        if (count) count.failures += 1
        else counts.set(key, { failures: 1, startedAt: now() })
      }
      // Insertion order: the oldest go first.
      for (const key of counts.keys()) {
        if (counts.size <= maxKeys) break
        counts.delete(key)
      }
    },
    takeBack: (keys) => {
      for (const key of keys) {
        const count = current(key)
        if (count) count.failures -= 1
      }
    },
    succeed: (keys) => {
      for (const key of keys) counts.delete(key)
    },
  }
}
