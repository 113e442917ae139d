import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSyncServer, type TestDevice, type TestServer } from '../support/sync-server.ts'

let server: TestServer
let device: TestDevice
let namesake: TestDevice
beforeAll(async () => {
  server = await startSyncServer()
  device = await server.enroll()
  namesake = await server.enroll()
})
afterAll(() => server.close())

/** `npm run revoke-device`, as an operator would start it. */
const revokeDevice = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['sync-server/revoke-device-main.ts', ...args], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: process.env['PATH'], DATABASE_URL: server.databaseUrl },
    encoding: 'utf8',
  })
  return { status, text: stdout + stderr }
}

const statusOf = async ({ request }: TestDevice): Promise<number> => (await request('/v1/shape?offset=-1')).status

test('nobody is shut out by a name that several have; all of them are listed', async () => {
  const { status, text } = revokeDevice('desk 1', '--yes')

  expect(status).toBe(1)
  for (const { enrolled } of [device, namesake]) expect(text).toContain(enrolled.device_id)
  expect([await statusOf(device), await statusOf(namesake)]).toEqual([200, 200])
})

test('a device is shut out by its till, and let in again', async () => {
  const { code } = device.enrolled.till

  const asked = revokeDevice(code)
  const before = await statusOf(device)
  const revoked = revokeDevice(code, '--yes')
  const after = [await statusOf(device), await statusOf(namesake)]
  const undone = revokeDevice(code, '--undo')

  expect([asked.status, revoked.status]).toEqual([0, 0])
  expect(asked.text).toContain(`Desk 1, Werribee (${code})`)
  expect(before).toBe(200)
  expect(revoked.text).toContain('is shut out')
  expect(after).toEqual([403, 200])
  expect(undone.status).toBe(0)
  expect(await statusOf(device)).toBe(200)
})

test('is not called shut out when it is not, because the log of its facility is locked', async () => {
  const { code } = namesake.enrolled.till
  const client = new Client(server.adminUrl)
  await client.connect()
  await client.query('begin')
  await client.query('select from facility_heads for update')

  const { status, text } = revokeDevice(code, '--yes')
  await client.end()

  expect(status).not.toBe(0)
  expect(text).not.toContain('is shut out')
  expect(await statusOf(namesake)).toBe(200)
})
