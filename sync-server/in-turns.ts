import { type Exclusive, mutex } from '../src-shared/mutex.ts'

/** Does the work of each key one after the other, and that of different keys at once. */
export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>

interface Queue {
  readonly exclusive: Exclusive
  /** Who is in it, the first one included. */
  length: number
}

export const inTurns = (): InTurn => {
  const queues = new Map<string, Queue>()
  return async (key, work) => {
    const queue = queues.get(key) ?? { exclusive: mutex(), length: 0 }
    queues.set(key, queue)
    queue.length += 1
    try {
      return await queue.exclusive(work)
    } finally {
      queue.length -= 1
      if (queue.length === 0) queues.delete(key)
    }
  }
}
