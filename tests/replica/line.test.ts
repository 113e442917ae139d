import { afterEach, expect, test, vi } from 'vitest'
import { Outage, type Server } from '../../src-main/data/sync/server.ts'
import { Sync } from '../../src-main/data/sync/sync.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { counterStore } from '../support/counter-store.ts'
import { environmentWith } from '../support/environment.ts'
import { payCash } from '../support/store.ts'
import { until } from '../support/until.ts'

const { counter, store } = counterStore()
let sync: Sync

afterEach(() => sync.stop())

const noLine = () => Promise.reject(new Outage(new Error('no line')))

const startSync = (post: Server['post']): void => {
  sync = new Sync({
    store: store(),
    url: 'http://server',
    server: { fetch: noLine, post },
    environment: environmentWith({ random: () => 0 }),
    onTables: () => undefined,
    onShown: () => undefined,
    onStatus: () => undefined,
    deviceId: counter.till.device_id,
    leaseKey: {},
    onReleased: () => undefined,
    onFault: () => undefined,
  })
}

test('a disk that fails here does not make a desk without internet look online (D4, D7)', async () => {
  startSync(noLine)
  vi.spyOn(store(), 'startOver').mockRejectedValue(new DomainError('disk_full', 'full'))

  sync.renew()
  await until(() => sync.line.problem !== null)

  expect(sync.line).toMatchObject({ online: false, problem: { code: 'disk_full' } })
})

test('what the server does not take is told until it has taken it, also while the log comes in', async () => {
  let isTaken = false
  await payCash(store(), counter)
  startSync(async (_path, body, answer) => {
    if (!isTaken) throw new DomainError('forbidden', 'No.')
    const { mutations } = body as { mutations: readonly { readonly id: string; readonly seq: number }[] }
    return answer.parse({
      outcomes: mutations.map(({ id, seq }) => ({ id, seq, outcome: 'applied', error: null })),
      last_seq: 1,
    })
  })
  await until(() => sync.line.problem !== null)

  sync.onContact(undefined)
  expect(sync.line).toMatchObject({ online: true, problem: { code: 'forbidden' } })

  isTaken = true
  await until(() => {
    sync.onContact(undefined)
    return sync.line.problem === null
  })
})
