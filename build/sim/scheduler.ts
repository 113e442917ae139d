import type { Activity } from './activity.ts'

/** Virtual time: events in order, each one finished before the next. */
export interface Scheduler {
  /** Epoch ms of the simulated world. */
  readonly now: () => number
  /** Since the run began. */
  readonly elapsed: () => number
  /** Does the work once, later; the answer calls it off. */
  readonly after: (milliseconds: number, work: () => unknown) => () => void
  /** Lets events happen until it is so, or until that much time has passed. Answers whether it is so. */
  readonly runUntil: (isSo: () => boolean, milliseconds: number) => Promise<boolean>
  /** Everything stands still for so long: nothing that waits comes any nearer. */
  readonly leap: (milliseconds: number) => void
  readonly events: () => number
}

interface Planned {
  at: number
  readonly order: number
  readonly work: () => unknown
  isOff: boolean
}

const isBefore = (a: Planned, b: Planned): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** A binary heap: there are thousands of timers, and most are called off. */
const createHeap = () => {
  const items: Planned[] = []
  const swap = (a: number, b: number): void => {
    const [x, y] = [items[a], items[b]]
    if (x && y) [items[a], items[b]] = [y, x]
  }
  const before = (a: number, b: number): boolean => {
    const [x, y] = [items[a], items[b]]
    return x !== undefined && (y === undefined || isBefore(x, y))
  }
  return {
    items,
    push: (item: Planned): void => {
      items.push(item)
      for (let at = items.length - 1; at > 0;) {
        const parent = (at - 1) >> 1
        if (!before(at, parent)) break
        swap(at, parent)
        at = parent
      }
    },
    pop: (): Planned | undefined => {
      swap(0, items.length - 1)
      const first = items.pop()
      for (let at = 0; ;) {
        const [left, right] = [2 * at + 1, 2 * at + 2]
        const child = right < items.length && before(right, left) ? right : left
        if (child >= items.length || !before(child, at)) break
        swap(at, child)
        at = child
      }
      return first
    },
  }
}

export const createScheduler = (startMs: number, activity: Activity): Scheduler => {
  const heap = createHeap()
  let now = startMs
  let order = 0
  let events = 0
  /** Time that nobody has lived through. */
  let leapt = 0
  return {
    now: () => now,
    elapsed: () => now - startMs,
    events: () => events,
    after(milliseconds, work) {
      activity.touch()
      order += 1
      const planned: Planned = { at: now + Math.max(0, Math.round(milliseconds)), order, work, isOff: false }
      heap.push(planned)
      return () => {
        planned.isOff = true
      }
    },
    async runUntil(isSo, milliseconds) {
      const end = now + milliseconds - leapt
      await activity.silence()
      while (!isSo()) {
        const next = heap.items[0]
        if (!next || next.at > end + leapt) {
          now = Math.max(now, end + leapt)
          return isSo()
        }
        heap.pop()
        if (next.isOff) continue
        now = Math.max(now, next.at)
        events += 1
        next.work()
        await activity.silence()
      }
      return true
    },
    leap(milliseconds) {
      now += milliseconds
      leapt += milliseconds
      // Adding the same to all of them keeps their order.
      for (const item of heap.items) item.at += milliseconds
    },
  }
}
