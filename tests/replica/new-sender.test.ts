import { expect, test, vi } from 'vitest'
import type { Server } from '../../src-main/data/sync/server.ts'
import { Sync } from '../../src-main/data/sync/sync.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { entriesOf } from '../support/counter-rows.ts'
import { counterStore } from '../support/counter-store.ts'
import { environmentWith } from '../support/environment.ts'
import { checkInAll } from '../support/store.ts'
import { until } from '../support/until.ts'

const { counter, store } = counterStore()

/** The whole log in one answer. */
const wholeLog = (): Response => {
  const entries = entriesOf(counter.rows)
  const changes = entries.map(({ row, ...entry }) => ({
    key: `${entry.position}`,
    value: { ...entry, position: `${entry.position}`, row: JSON.stringify(row) },
    headers: { operation: 'insert' },
  }))
  const end = { headers: { control: 'up-to-date', global_last_seen_lsn: `${entries.length}` } }
  return Response.json([...changes, end], {
    headers: {
      'electric-handle': 'handle-2',
      'electric-offset': `${entries.length}_0`,
      'electric-schema': '{}',
      'electric-up-to-date': '',
    },
  })
}

test('the outbox goes on when a new replica is shown and the disk fails just then (D5, U8)', async () => {
  const post = vi.fn<(path: string) => Promise<never>>(() => new Promise(() => undefined))
  const answer = async (url: URL): Promise<Response> => {
    if (url.pathname === '/v1/snapshot') return new Response('{}', { status: 404 })
    return url.searchParams.get('offset') === '-1' ? wholeLog() : new Promise(() => undefined)
  }
  const server: Server = {
    fetch: (input) => answer(new URL(input instanceof Request ? input.url : input)),
    post,
  }
  let shown = 0
  const faults: unknown[] = []
  const sync = new Sync({
    store: store(),
    url: 'http://server',
    server,
    environment: environmentWith({}),
    onTables: () => undefined,
    onShown: () => void (shown += 1),
    onStatus: () => undefined,
    deviceId: counter.till.device_id,
    leaseKey: {},
    onReleased: () => undefined,
    onFault: (fault) => faults.push(fault),
  })
  const { setting } = store().desk
  const failing = vi.spyOn(store().desk, 'setting').mockImplementation((key) => {
    // What the sender asks first.
    if (key === 'answered') throw new DomainError('disk_failing', 'failing')
    return setting(key)
  })

  sync.renew()
  await until(() => sync.line.problem !== null)
  failing.mockRestore()
  await checkInAll(store(), counter)
  sync.wake()
  await until(() => post.mock.calls.length > 0)

  expect(store().replica.readState().handle).toBe('handle-2')
  expect(shown).toBe(1)
  expect(post.mock.calls[0]?.[0]).toBe('/v1/mutations')
  expect(faults).toEqual([])
  sync.stop()
})
