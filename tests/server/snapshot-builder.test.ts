import { execFileSync } from 'node:child_process'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { publishedIn } from '../../sync-server/snapshots/place.ts'
import { startBuilder } from '../../sync-server/snapshots/start-builder.ts'
import { academy } from '../support/academy.ts'
import { addFamilies } from '../support/snapshots.ts'
import { removeFolder, temporaryFolder } from '../support/store.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let folder: string
let builder: { readonly stop: () => Promise<void> } | undefined

beforeEach(async () => {
  folder = temporaryFolder()
  server = await startSyncServer()
})
afterEach(async () => {
  await builder?.stop()
  builder = undefined
  await server.close()
  removeFolder(folder)
})

const start = (): void => {
  const config = { databaseUrl: server.databaseUrl, logLevel: 'silent', snapshotFolder: folder, electricUrl: undefined }
  builder = startBuilder({ config, db: server.postgres.db, log: pino({ level: 'silent' }) })
}
const published = () => publishedIn(folder, { facilityId: academy.facility_id, audience: 'desk' }, 'whole')
const builders = (): number =>
  execFileSync('ps', ['-axo', 'ppid=,args='])
    .toString()
    .split('\n')
    .filter((line) => line.trim().startsWith(`${process.pid} `) && line.includes('builder-main.ts')).length

test('what is due is made in a process of its own, which ends', async () => {
  await addFamilies(server, 1100)

  start()

  await until(() => published().length > 0)
  await until(() => builders() === 0)
  expect(published()).toHaveLength(1)
})

test('nothing is started where nothing is due', async () => {
  start()

  await builder?.stop()

  expect(builders()).toBe(0)
  expect(published()).toEqual([])
})

test('a server that stops takes the process with it', async () => {
  await addFamilies(server, 1100)
  start()
  await until(() => builders() === 1)

  await builder?.stop()

  expect(builders()).toBe(0)
})
