import { DomainError } from '../src-shared/errors.ts'

interface Place {
  readonly key: string
  /** How much of it is done at once. */
  readonly atOnce: number
  /** How many may be there, those whose turn it is included. */
  readonly longest: number
}

/** Does so much of the work of each key at once, the rest in the order in which it came. Throws `rate_limited`. */
export type InTurn = <T>(place: Place, work: (hasWaited: boolean) => Promise<T>) => Promise<T>

interface Queue {
  working: number
  readonly waiting: (() => void)[]
}

export const inTurns = (): InTurn => {
  const queues = new Map<string, Queue>()
  return async ({ key, atOnce, longest }, work) => {
    const queue = queues.get(key) ?? { working: 0, waiting: [] }
    if (queue.working + queue.waiting.length >= longest) {
      throw new DomainError('rate_limited', 'Too many requests at once. Try again later.', { retry_after_seconds: 1 })
    }
    queues.set(key, queue)
    const hasToWait = queue.working >= atOnce
    if (hasToWait) await new Promise<void>((resolve) => queue.waiting.push(resolve))
    else queue.working += 1
    try {
      return await work(hasToWait)
    } finally {
      const next = queue.waiting.shift()
      // Who waited takes over the place.
      if (next) next()
      else queue.working -= 1
      if (queue.working === 0) queues.delete(key)
    }
  }
}
