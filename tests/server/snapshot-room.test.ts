import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderOf, publishedIn } from '../../sync-server/snapshots/place.ts'
import { refreshSnapshot } from '../../sync-server/snapshots/refresh.ts'
import { leastFreeBytes } from '../../sync-server/snapshots/room.ts'
import { pauseAfter } from '../../sync-server/snapshots/start-builder.ts'
import { academy } from '../support/academy.ts'
import { addFamilies, eagerPolicy } from '../support/snapshots.ts'
import { removeFolder, temporaryFolder } from '../support/store.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'

const log = { facilityId: academy.facility_id, audience: 'desk' } as const

let server: TestServer
let folder: string

beforeEach(async () => {
  folder = temporaryFolder()
  server = await startSyncServer()
  await addFamilies(server, 200)
})
afterEach(async () => {
  await server.close()
  removeFolder(folder)
})

/** On a disk that has room for so many looks at it. */
const refresh = async (looks: number) => {
  let left = looks
  const freeBytes = (): number => {
    left -= 1
    return left >= 0 ? leastFreeBytes : leastFreeBytes - 1
  }
  const parts = { db: server.postgres.db, folder, policy: eagerPolicy, now: Date.now, freeBytes }
  const outcome = await refreshSnapshot(parts, log).catch((error: unknown) => String(error))
  return { outcome, looked: looks - left }
}
const published = () => publishedIn(folder, log, 'whole')
const files = () => readdirSync(folderOf(folder, log))

test('no snapshot is begun on a disk whose room others need', async () => {
  const { outcome } = await refresh(0)

  expect(outcome).toContain('No snapshot is made: 1999 MB are free')
  expect(files().filter((name) => !name.startsWith('working.db'))).toEqual([])
})

test('one that is under way ends where the room does, leaves nothing half, and is made when there is room again', async () => {
  const { looked } = await refresh(1000)
  const [before] = published()
  await addFamilies(server, 200)

  for (let looks = 1; looks < looked; looks += 1) {
    expect((await refresh(looks)).outcome).toContain('No snapshot is made')
    expect(published()).toEqual([before])
    expect(files().filter((name) => name.endsWith('.draft'))).toEqual([])
  }
  const { outcome } = await refresh(1000)

  expect(looked).toBeGreaterThan(3)
  expect(outcome).toBe('published')
  expect(published()[0]?.rows).toBeGreaterThan(before?.rows ?? 0)
})

test('what was never finished, or belongs to another history, goes before a look at the room', async () => {
  await refresh(1000)
  const [before] = published()
  const draft = join(folderOf(folder, log), '1-abc.draft')
  mkdirSync(draft)
  writeFileSync(join(draft, '0.zst'), 'x')
  await server.sql(`update server_epoch set epoch = gen_random_uuid()`)

  const { outcome } = await refresh(0)

  expect(before).toBeDefined()
  expect(outcome).toContain('No snapshot is made')
  expect(files().filter((name) => !name.startsWith('working.db'))).toEqual([])
})

test('what could not be made is tried more and more seldom, until it can', () => {
  const pauses = [30_000]
  for (let failed = 0; failed < 8; failed += 1) pauses.push(pauseAfter(pauses.at(-1) ?? 0, true))

  expect(pauses.map((ms) => ms / 60_000)).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30])
  expect(pauseAfter(30 * 60_000, false)).toBe(30_000)
})
