import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  newDeviceKey,
  postJson,
  signAssertion,
  startSyncServer,
  type TestDevice,
  type TestServer,
} from '../../support/sync-server.ts'

let server: TestServer
let device: TestDevice

beforeAll(async () => {
  server = await startSyncServer()
})
afterAll(async () => server.close())
beforeEach(async () => {
  device = await server.enroll()
})

const idOf = ({ enrolled }: TestDevice): string => enrolled.device_id

/** As a backup from before its enrollment would have it. */
const lose = async (lost: TestDevice): Promise<void> => {
  for (const [table, column] of [
    ['tills', 'device_id'],
    ['device_progress', 'id'],
    ['device_keys', 'id'],
    ['devices', 'id'],
  ]) {
    await server.sql(`delete from ${table} where ${column} = $1`, [idOf(lost)])
  }
  await server.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)
}

const ask = async (from: TestDevice, privateKey = from.privateKey, certificate = from.enrolled.certificate) => {
  const assertion = await signAssertion(idOf(from), privateKey)
  const { status } = await postJson(`${server.url()}/v1/token`, { assertion, certificate })
  return status
}

const rowsOf = async (of: TestDevice) =>
  server.sql(
    `select d.name, d.audience, d.facility_id, t.id as till_id, t.code, p.last_seq
      from devices d join tills t on t.device_id = d.id join device_progress p on p.id = d.id where d.id = $1`,
    [idOf(of)],
  )

describe('a device that a restored server has lost', () => {
  test('is enrolled again by its certificate and key, as what it was, once (S5)', async () => {
    const before = await rowsOf(device)
    await lose(device)

    const first = await ask(device)
    const second = await ask(device)

    expect([first, second]).toEqual([200, 200])
    expect(await rowsOf(device)).toEqual(before)
  })

  test('is enrolled again once where several of its requests come at the same moment', async () => {
    const before = await rowsOf(device)
    await lose(device)

    const answers = await Promise.all(Array.from({ length: 5 }, async () => ask(device)))

    expect(answers).toEqual([200, 200, 200, 200, 200])
    expect(await rowsOf(device)).toEqual(before)
  })

  test('keeps its receipt series, also when a new computer came before it and another lost one before that', async () => {
    const other = await server.enroll()
    await lose(other)
    await lose(device)

    const first = await ask(device)
    const fresh = await server.enroll()
    const second = await ask(other)

    expect([first, second]).toEqual([200, 200])
    const codes = [device, other, fresh].map(({ enrolled }) => enrolled.till.code)
    expect(new Set(codes).size).toBe(3)
  })

  test('is not by a certificate without its key, of another device, or that was tampered with', async () => {
    const other = await server.enroll()
    const { privateKey } = await newDeviceKey()
    const { certificate = '' } = device.enrolled
    const [head = '', claims = '', signature = ''] = certificate.split('.')
    const changed = Buffer.from(claims, 'base64url').toString().replace('"desk"', '"office"')
    const token = await device.token()
    await lose(device)

    const answers = [
      await ask(device, privateKey),
      await ask(device, device.privateKey, other.enrolled.certificate),
      await ask(device, device.privateKey, [head, Buffer.from(changed).toString('base64url'), signature].join('.')),
      await ask(device, device.privateKey, token),
    ]

    expect(answers).toEqual([401, 401, 401, 401])
    expect(await rowsOf(device)).toEqual([])
  })

  test('is not where no history was ever lost', async () => {
    await lose(device)
    await server.sql(`update server_epoch set reason = 'installed', written_by = pg_current_xact_id()`)

    expect(await ask(device)).toBe(401)
  })
})

test('a certificate takes back no revocation', async () => {
  await server.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)
  await server.sql('update devices set revoked_at = now() where id = $1', [idOf(device)])

  expect(await ask(device)).toBe(200)

  expect(await device.request('/v1/shape?offset=-1')).toMatchObject({ status: 403, body: { code: 'device_revoked' } })
})
