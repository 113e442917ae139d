import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type * as finishing from '../../src-shared/replica/finishing.ts'
import { addFamilies, publishSnapshot } from '../support/snapshots.ts'
import { removeFolder, temporaryFolder } from '../support/store.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'

/** As long as PostgreSQL lets a transaction idle, and some more. */
const indexingMs = 11_000

vi.mock('../../src-shared/replica/finishing.ts', async (load) => {
  const original = await load<typeof finishing>()
  return {
    *finishingSteps(db: Parameters<typeof original.finishingSteps>[0]) {
      yield () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, indexingMs)
      yield* original.finishingSteps(db)
    },
  }
})

let server: TestServer
let folder: string
beforeEach(async () => {
  folder = temporaryFolder()
  server = await startSyncServer()
})
afterEach(async () => {
  await server.close()
  removeFolder(folder)
})

test('a snapshot whose indexes take long holds no transaction of PostgreSQL meanwhile', async () => {
  await addFamilies(server, 10)

  const { rows } = await publishSnapshot(server, folder)

  expect(rows).toBeGreaterThan(10)
})
