import { describe, expect, test } from 'vitest'
import type { Engine } from '../../src-main/data/engine.ts'
import type { Health } from '../../src-main/data/health/health.ts'
import { Outage } from '../../src-main/data/sync/server.ts'
import { syncStatus } from '../../src-main/data/sync-status.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { counterStore } from '../support/counter-store.ts'
import { environmentWith } from '../support/environment.ts'
import { equal, healthWith } from '../support/health.ts'
import { until } from '../support/until.ts'

const { store } = counterStore()

describe('a device compares', () => {
  test('soon after the start, and then every hour (SPEC H1)', async () => {
    const { next, asked, idle } = healthWith(store(), [])

    const waits: number[] = []
    for (let n = 0; n < 3; n += 1) {
      waits.push(Math.round(next()))
      await until(() => asked.length === n + 1)
      await idle()
    }

    expect(waits).toEqual([15, 3600, 3600])
  })

  test('and is told so that it is revoked, also where its log waits for a person (U7)', async () => {
    const { next, revocations, asked, idle } = healthWith(store(), [new DomainError('device_revoked', 'Revoked')])

    next()
    await until(() => asked.length === 1)
    await idle()

    expect(revocations).toEqual([1])
  })

  test('only a quiet minute after a local write, and no sooner than it is due (SPEC H1)', async () => {
    const { next, asked, idle, health } = healthWith(store(), [])
    health.wrote()
    const first = next()
    await until(() => asked.length === 1)
    await idle()

    health.wrote()

    expect([first, Math.round(next())]).toEqual([60, 3600])
  })

  test('within the hour also when its clock was set back by years (T1)', async () => {
    const { next, asked, idle, health, set } = healthWith(store(), [])
    next()
    await until(() => asked.length === 1)
    await idle()
    set(Date.parse('2001-01-01T00:00:00.000Z'))

    health.wrote()

    expect(Math.round(next())).toBe(3600)
  })

  test('not while something is unsent or the line is cut, and then as soon as that is over', async () => {
    const { next, asked, health, state, idle } = healthWith(store(), [])
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
    const { next, asked, health, state, idle } = healthWith(store(), [])
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
    const { next, asked, idle, health } = healthWith(store(), [
      outage(),
      outage(),
      new DomainError('position_gone', 'Gone.'),
    ])

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
    const { next, asked, idle, health } = healthWith(store(), [
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
    const { position, handle } = store().replica.readState()
    let hasGoneOn = false
    const { next, asked, health, idle } = healthWith(store(), [], () => {
      if (hasGoneOn || health.status.activity !== 'comparing') return
      hasGoneOn = true
      void store().apply({ entries: [], position: position + entries, handle, serverTime: undefined })
    })
    next()
    await idle()
    const [before, reading] = [asked.length, store().replica.db.pragma('wal_checkpoint(TRUNCATE)')]

    if (before === 0) next()
    await until(() => asked.length === 1)
    await idle()

    expect(before).toBe(entries > 2000 ? 0 : 1)
    expect(reading).toMatchObject([{ busy: 0 }])
    expect(asked).toMatchObject([{ position: entries > 2000 ? position + entries : position }])
  })

  test('once more, without counting anew, while the server still counts', async () => {
    const { next, asked, idle } = healthWith(store(), [{ state: 'counting' }, { state: 'counting' }, equal])
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
    engine: { store: store(), health, sync } as unknown as Engine,
    server: undefined,
    environment: environmentWith({}),
    lastProblem: () => null,
  }).health
}

describe('that all was equal is said no more', () => {
  test('of a replica in which a page was found damaged since (D7)', async () => {
    const { next, health, idle } = healthWith(store(), [equal])
    next()
    await until(() => health.status.compared_at !== null)
    await idle()
    const told = () => toldOf(health).compared_at
    expect(told()).not.toBeNull()

    store().replica.explained(Object.assign(new Error('malformed'), { code: 'SQLITE_CORRUPT' }))

    expect(told()).toBeNull()
  })

  test('of another replica, until that was compared, also after a restart (SPEC H7)', async () => {
    const { next, health, idle } = healthWith(store(), [equal, equal])
    next()
    await until(() => health.status.compared_at !== null)
    await idle()

    health.renewed()
    expect(health.status.compared_at).toBeNull()
    expect(healthWith(store(), []).health.status.compared_at).toBeNull()

    next()
    await until(() => health.status.compared_at !== null)
  })
})
