import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import type { Engine } from '../../src-main/data/engine.ts'
import { Health } from '../../src-main/data/health/health.ts'
import { scanReplica } from '../../src-main/data/health/scan.ts'
import type { Clock } from '../../src-main/data/environment.ts'
import type { Store } from '../../src-main/data/store.ts'
import { Outage, type Server } from '../../src-main/data/sync/server.ts'
import { syncStatus } from '../../src-main/data/sync-status.ts'
import type { DigestsResponse } from '../../src-shared/contract/health.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { counterRows } from '../support/counter-rows.ts'
import { environmentWith } from '../support/environment.ts'
import { checkInAll, openCounterStore, payCash, removeFolder, temporaryFolder, testNow } from '../support/store.ts'
import { until } from '../support/until.ts'

const counter = counterRows()
let folder: string
let store: Store

beforeEach(async () => {
  folder = temporaryFolder()
  store = await openCounterStore(folder, counter)
})
afterEach(async () => {
  await store.close()
  removeFolder(folder)
})

const scan = () =>
  scanReplica({
    open: () => store.replica.openApart(),
    pause: async () => undefined,
    isWanted: () => true,
    onProgress: () => undefined,
  })

describe('what is stored is counted', () => {
  test('to the last row, with the place in the log that it belongs to (SPEC H2)', async () => {
    const scanned = await scan()

    const { position, handle } = store.replica.readState()
    expect(scanned).toMatchObject({
      state: { position },
      handle,
      tables: { students: { rows: 3 }, receipts: { rows: 0 } },
    })
  })

  test('as the log has it, whatever is unsent (SPEC H2)', async () => {
    const before = await scan()
    await checkInAll(store, counter)
    await payCash(store, counter)
    await payCash(store, counter, 100)

    expect((await scan())?.tables).toEqual(before?.tables)
  })

  test('without what is written while it is being counted', async () => {
    const before = await scan()
    let isWritten = false

    const scanned = await scanReplica({
      open: () => store.replica.openApart(),
      pause: async () => {
        if (isWritten) return
        isWritten = true
        await checkInAll(store, counter)
      },
      isWanted: () => true,
      onProgress: () => undefined,
    })

    expect(isWritten).toBe(true)
    expect(scanned?.tables).toEqual(before?.tables)
  })
})

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

type Answer = DigestsResponse | Error

const equal: Answer = { state: 'compared', different: [], unknown: [] }
const different: Answer = { state: 'compared', different: [{ table: 'students', rows: 3 }], unknown: [] }

const healthWith = (answers: readonly Answer[], onStatus: () => void = () => undefined) => {
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

describe('a device compares', () => {
  test('soon after the start, and then every hour (SPEC H1)', async () => {
    const { next, asked, idle } = healthWith([])

    const waits: number[] = []
    for (let n = 0; n < 3; n += 1) {
      waits.push(Math.round(next()))
      await until(() => asked.length === n + 1)
      await idle()
    }

    expect(waits).toEqual([15, 3600, 3600])
  })

  test('and is told so that it is revoked, also where its log waits for a person (U7)', async () => {
    const { next, revocations, asked, idle } = healthWith([new DomainError('device_revoked', 'Revoked')])

    next()
    await until(() => asked.length === 1)
    await idle()

    expect(revocations).toEqual([1])
  })

  test('only a quiet minute after a local write, and no sooner than it is due (SPEC H1)', async () => {
    const { next, asked, idle, health } = healthWith([])
    health.wrote()
    const first = next()
    await until(() => asked.length === 1)
    await idle()

    health.wrote()

    expect([first, Math.round(next())]).toEqual([60, 3600])
  })

  test('within the hour also when its clock was set back by years (T1)', async () => {
    const { next, asked, idle, health, set } = healthWith([])
    next()
    await until(() => asked.length === 1)
    await idle()
    set(Date.parse('2001-01-01T00:00:00.000Z'))

    health.wrote()

    expect(Math.round(next())).toBe(3600)
  })

  test('not while something is unsent or the line is cut, and then as soon as that is over', async () => {
    const { next, asked, health, state, idle } = healthWith([])
    state.isAtRest = false
    health.ask()
    await until(() => health.status.activity === 'wanted')
    expect(asked).toEqual([])
    expect(next()).toBeGreaterThan(0)
    await until(() => health.status.activity === 'wanted')

    state.isAtRest = true
    health.look()
    await until(() => asked.length === 1)
    await idle()

    expect(health.status).toMatchObject({ different: [], compared_at: expect.any(String) as unknown })
  })

  test('also with something unsent when that is not decided for long: the replica may be the reason', async () => {
    const { next, asked, health, state, idle } = healthWith([])
    state.isAtRest = false
    health.look()

    for (let seconds = 0; seconds < 600; seconds += next()) {
      expect(asked).toEqual([])
      await new Promise((done) => setTimeout(done, 1))
    }
    await until(() => asked.length === 1)
    await idle()

    expect(health.status.different).toEqual([])
  })

  test('less and less often while it cannot be found out, and says why', async () => {
    const outage = (): Error => new Outage(new Error('cut'), { code: 'unavailable', message: 'Later.', details: {} })
    const { next, asked, idle, health } = healthWith([outage(), outage(), new DomainError('position_gone', 'Gone.')])

    const seen: unknown[] = []
    for (let n = 0; n < 4; n += 1) {
      const waited = Math.round(next())
      await until(() => asked.length === n + 1)
      await idle()
      seen.push([waited, health.status.problem?.code])
    }

    expect(seen).toEqual([
      [15, 'unavailable'],
      [15, 'unavailable'],
      [30, 'position_gone'],
      [60, undefined],
    ])
  })

  test('what both count in the same way, and says how much that leaves out (SPEC H3)', async () => {
    const { next, asked, idle, health } = healthWith([
      { state: 'compared', different: [], unknown: ['spaces', 'tills'] },
    ])

    next()
    await until(() => asked.length === 1)
    await idle()

    expect(health.status).toMatchObject({ different: [], skipped: 2, problem: null })
  })

  test.each([
    ['goes on', 2000],
    ['gives up, lets go of the log and begins anew', 2001],
  ])('in pieces, and %s when the log has gone on by %i entries meanwhile (D10, SPEC H9)', async (_what, entries) => {
    const { position, handle } = store.replica.readState()
    let hasGoneOn = false
    const { next, asked, health, idle } = healthWith([], () => {
      if (hasGoneOn || health.status.activity !== 'comparing') return
      hasGoneOn = true
      void store.apply({ entries: [], position: position + entries, handle, serverTime: undefined })
    })
    next()
    await idle()
    const [before, reading] = [asked.length, store.replica.db.pragma('wal_checkpoint(TRUNCATE)')]

    if (before === 0) next()
    await until(() => asked.length === 1)
    await idle()

    expect(before).toBe(entries > 2000 ? 0 : 1)
    expect(reading).toMatchObject([{ busy: 0 }])
    expect(asked).toMatchObject([{ position: entries > 2000 ? position + entries : position }])
  })

  test('once more, without counting anew, while the server still counts', async () => {
    const { next, asked, idle } = healthWith([{ state: 'counting' }, { state: 'counting' }, equal])
    next()
    for (const count of [1, 2]) {
      await until(() => asked.length === count)
      await until(() => {
        try {
          return next() === 1
        } catch {
          return false
        }
      })
    }
    await idle()

    expect(asked).toHaveLength(3)
    expect(new Set(asked).size).toBe(1)
  })
})

/** As people see it. */
const toldOf = (health: Health) => {
  const sync = { line: { online: true, problem: null }, held: undefined, rowsReceived: 0, rowsTotal: undefined }
  return syncStatus({
    engine: { store, health, sync } as unknown as Engine,
    server: undefined,
    environment: environmentWith({}),
    lastProblem: () => null,
  }).health
}

describe('that all was equal is said no more', () => {
  test('of a replica in which a page was found damaged since (D7)', async () => {
    const { next, health, idle } = healthWith([equal])
    next()
    await until(() => health.status.compared_at !== null)
    await idle()
    const told = () => toldOf(health).compared_at
    expect(told()).not.toBeNull()

    store.replica.explained(Object.assign(new Error('malformed'), { code: 'SQLITE_CORRUPT' }))

    expect(told()).toBeNull()
  })

  test('of another replica, until that was compared, also after a restart (SPEC H7)', async () => {
    const { next, health, idle } = healthWith([equal, equal])
    next()
    await until(() => health.status.compared_at !== null)
    await idle()

    health.renewed()
    expect(health.status.compared_at).toBeNull()
    expect(healthWith([]).health.status.compared_at).toBeNull()

    next()
    await until(() => health.status.compared_at !== null)
  })
})

describe('what cannot be put right row by row', () => {
  test('is fetched again as a whole, and when that does not help people are told (SPEC H6)', async () => {
    const { next, health, renewals, faults, idle, asked } = healthWith([different, different, different])
    next()
    await until(() => renewals.length === 1)
    expect(health.status.activity).toBe('renewing')

    health.renewed()
    await idle()

    expect(asked.map((body) => (body as { reason: string }).reason)).toEqual(['rest', 'mended', 'renewed'])
    expect(health.status).toMatchObject({ different: ['students'], mended: [{ everything: true }] })
    expect(String(faults[0])).toContain('students')
    expect(Math.round(next())).toBe(3600)
  })

  test('and is compared again also when a full disk does not take the note of it (D4, SPEC H9)', async () => {
    const { next, health, renewals, idle, asked } = healthWith([different, different, equal])
    next()
    await until(() => renewals.length === 1)
    Object.assign(store.desk, {
      saveSetting: () => {
        throw new DomainError('disk_full', 'full')
      },
    })

    health.renewed()
    await until(() => asked.length === 3)
    await idle()

    expect(health.status).toMatchObject({ different: [], mended: [{ everything: true }], problem: null })
  })

  test('such as a page that is found damaged while rows are put right (D7, SPEC H6, SPEC H9)', async () => {
    const { next, health, renewals, idle, asked } = healthWith([different, equal])
    Object.assign(store, {
      mend: () => Promise.reject(new DomainError('database_unreadable', 'A part of the data is damaged.')),
    })
    next()
    await until(() => renewals.length === 1)

    health.renewed()
    await idle()

    expect(asked).toHaveLength(2)
    expect(health.status).toMatchObject({ different: [], mended: [{ everything: true }] })
  })

  test('such as a page that cannot be read (D7)', async () => {
    const { next, renewals, asked } = healthWith([])
    const damaged = Object.assign(new Error('database disk image is malformed'), { code: 'SQLITE_CORRUPT' })
    Object.assign(store.replica, {
      openApart: () => {
        throw damaged
      },
    })

    next()
    await until(() => renewals.length === 1)

    expect(asked).toEqual([])
  })
})
