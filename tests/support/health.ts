import type { z } from 'zod'
import type { Clock } from '../../src-main/data/environment.ts'
import { Health } from '../../src-main/data/health/health.ts'
import type { Store } from '../../src-main/data/store.ts'
import type { Server } from '../../src-main/data/sync/server.ts'
import type { DigestsResponse } from '../../src-shared/contract/health.ts'
import { testNow } from './store.ts'
import { until } from './until.ts'

/** A clock that stands until somebody moves it; what is due at once is done at once. */
const handClock = () => {
  let now = testNow
  let timers: { readonly at: number; readonly work: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    after: (milliseconds, work) => {
      const timer = { at: now + milliseconds, work }
      if (milliseconds === 0) setImmediate(work)
      else timers.push(timer)
      return () => {
        timers = timers.filter((each) => each !== timer)
      }
    },
  }
  return {
    clock,
    /** To the next timer; answers how many seconds that took. */
    next: (): number => {
      const [first] = timers.toSorted((one, other) => one.at - other.at)
      if (!first) throw new Error('Nothing waits')
      const passed = first.at - now
      now = first.at
      timers = timers.filter((each) => each !== first)
      first.work()
      return passed / 1000
    },
    set: (milliseconds: number): void => {
      now = milliseconds
    },
  }
}

export const equal: DigestsResponse = { state: 'compared', different: [], unknown: [] }

/** The health of a store, whose server gives these answers, and then that all is equal. */
export const healthWith = (
  store: Store,
  answers: readonly (DigestsResponse | Error)[],
  onStatus: () => void = () => undefined,
) => {
  const time = handClock()
  const asked: unknown[] = []
  const [faults, renewals, revocations]: [unknown[], number[], number[]] = [[], [], []]
  const left = [...answers]
  const server: Pick<Server, 'post'> = {
    post: async <T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> => {
      if (path === '/v1/rows') return schema.parse({ rows: [], next: null })
      asked.push(body)
      const answer = left.shift() ?? equal
      if (answer instanceof Error) throw answer
      return schema.parse(answer)
    },
  }
  const state = { isAtRest: true, isOnline: true }
  const health = new Health({
    store,
    server,
    environment: { clock: time.clock, random: () => 0.5 },
    outbox: () => ({ isOnline: state.isOnline, waiting: state.isAtRest ? 0 : 1, progress: 0 }),
    sync: {
      renew: () => void renewals.push(asked.length),
      sendAgain: () => undefined,
      revoked: () => void revocations.push(asked.length),
    },
    onTables: () => undefined,
    onStatus,
    onFault: (fault) => faults.push(fault),
  })
  const isIdle = (): boolean => health.status.activity === 'none'
  return { ...time, health, state, asked, faults, renewals, revocations, idle: () => until(isIdle) }
}
