import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Store } from '../../src-main/data/store.ts'
import { Outage } from '../../src-main/data/sync/server.ts'
import { Sync } from '../../src-main/data/sync/sync.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { counterRows } from '../support/counter-rows.ts'
import { environmentWith } from '../support/environment.ts'
import { openCounterStore, removeFolder, temporaryFolder } from '../support/store.ts'
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

test('a disk that fails here does not make a desk without internet look online (D4, D7)', async () => {
  const sync = new Sync({
    store,
    url: 'http://server',
    server: {
      fetch: () => Promise.reject(new Outage(new Error('no line'))),
      post: () => Promise.reject(new Outage(new Error('no line'))),
    },
    environment: environmentWith({}),
    onTables: () => undefined,
    onShown: () => undefined,
    onStatus: () => undefined,
    deviceId: counter.till.device_id,
    leaseKey: {},
    onReleased: () => undefined,
    onFault: () => undefined,
  })
  vi.spyOn(store, 'startOver').mockRejectedValue(new DomainError('disk_full', 'full'))

  sync.renew()
  await until(() => sync.line.problem !== null)

  expect(sync.line).toMatchObject({ online: false, problem: { code: 'disk_full' } })
  sync.stop()
})
