import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKeys } from '../../../sync-server/auth/keys.ts'
import { signToken } from '../../../sync-server/auth/tokens.ts'
import { academy, newId } from '../../support/academy.ts'
import {
  newDeviceKey,
  postJson,
  signAssertion,
  startSyncServer,
  type TestDevice,
  type TestServer,
} from '../../support/sync-server.ts'

let nowMs = Date.now()
let server: TestServer
let device: TestDevice

beforeAll(async () => {
  server = await startSyncServer({}, () => nowMs)
  device = await server.enroll()
})
afterAll(async () => server.close())

const askFor = async (assertion: string) =>
  postJson<{ token: string; expires_at: string }>(`${server.url()}/v1/token`, { assertion })

const withToken = async (token: string) =>
  fetch(`${server.url()}/v1/shape?offset=-1`, { headers: { authorization: `Bearer ${token}` } })

describe('POST /v1/token', () => {
  test('gives a token for ten minutes to the device that signed', async () => {
    const { status, body } = await askFor(await signAssertion(device.enrolled.device_id, device.privateKey, nowMs))

    expect(status).toBe(200)
    expect(Math.round((Date.parse(body.expires_at) - nowMs) / 60_000)).toBe(10)
    expect((await withToken(body.token)).status).toBe(200)
  })

  test('refuses an assertion signed by another key', async () => {
    const { privateKey } = await newDeviceKey()

    const answer = await askFor(await signAssertion(device.enrolled.device_id, privateKey, nowMs))

    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
  })

  test('refuses a device that nobody enrolled', async () => {
    const unknown = await askFor(await signAssertion(newId(), device.privateKey, nowMs))

    expect(unknown).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
  })

  test('refuses an assertion that was made for somebody else', async () => {
    const assertion = await new SignJWT({ jti: newId() })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setIssuer(device.enrolled.device_id)
      .setAudience('another service')
      .setIssuedAt(Math.floor(nowMs / 1000))
      .sign(device.privateKey)

    expect(await askFor(assertion)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
  })

  test.each([-3 * 365 * 86_400_000, -90_000, 90_000, 10 * 365 * 86_400_000])(
    'tells a device whose clock is %i ms off the time, with which it gets in (T4)',
    async (skew) => {
      const { device_id } = device.enrolled

      const first = await postJson<{ code: string; details: { reason: string; server_time: string } }>(
        `${server.url()}/v1/token`,
        { assertion: await signAssertion(device_id, device.privateKey, nowMs + skew) },
      )
      const again = await askFor(
        await signAssertion(device_id, device.privateKey, Date.parse(first.body.details.server_time)),
      )

      expect(first).toMatchObject({ status: 401, body: { code: 'unauthenticated', details: { reason: 'clock' } } })
      expect(first.headers.get('date')).not.toBeNull()
      expect(again.status).toBe(200)
    },
  )

  test.each(['', 'a', 'a.b.c', `${'A'.repeat(3000)}.e30.x`, 'eyJhbGciOiJub25lIn0.e30.'])(
    'refuses %o as an assertion',
    async (assertion) => {
      expect(await askFor(assertion)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    },
  )
})

describe('an access token', () => {
  test('is over after ten minutes', async () => {
    const token = await device.token()
    nowMs += 10 * 60_000 + 1000

    const answer = await withToken(token)

    expect(answer.status).toBe(401)
    nowMs -= 10 * 60_000 + 1000
  })

  test('of another server does not open this one', async () => {
    const keys = await createKeys()
    const { device_id: deviceId, facility_id: facilityId } = device.enrolled
    const { token } = await signToken(
      keys.token,
      { deviceId, facilityId, organizationId: academy.organization_id },
      nowMs,
    )

    expect((await withToken(token)).status).toBe(401)
  })

  test('is not a lease, and a lease is not a token', async () => {
    const { lease } = await device.signIn()

    expect((await withToken(lease)).status).toBe(401)
    expect(await device.post('/v1/device-codes', { lease: await device.token(), audience: 'desk' })).toMatchObject({
      status: 403,
      body: { code: 'lease_invalid' },
    })
  })

  test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a.b.c', `Bearer ${'x'.repeat(5000)}`])(
    'is asked for with %o',
    async (authorization) => {
      const answer = await fetch(
        `${server.url()}/v1/shape?offset=-1`,
        authorization ? { headers: { authorization } } : {},
      )

      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ code: 'unauthenticated' })
    },
  )
})

describe('a revoked device', () => {
  test('is told so by every route at once, but for the one that takes what it has not sent', async () => {
    const revoked = await server.enroll()
    await revoked.token()
    await server.sql('update devices set revoked_at = now() where id = $1', [revoked.enrolled.device_id])

    const answers = [
      await revoked.request('/v1/shape?offset=-1'),
      await revoked.post('/v1/sign-in', { sign_in_name: 'x', password: 'y', recovery: null }),
      await revoked.post('/v1/device-codes', { lease: 'x', audience: 'desk' }),
      await revoked.request('/v1/snapshot?extent=whole'),
      await revoked.post('/v1/digests', {}),
    ]

    for (const answer of answers) expect(answer).toMatchObject({ status: 403, body: { code: 'device_revoked' } })
    expect(await revoked.post('/v1/mutations', { mutations: [{}] })).toMatchObject({ body: { code: 'invalid_input' } })
  })

  test('still proves who it is, to hand over what it has not sent', async () => {
    const revoked = await server.enroll()
    await server.sql('update devices set revoked_at = now() where id = $1', [revoked.enrolled.device_id])

    const { status } = await askFor(await signAssertion(revoked.enrolled.device_id, revoked.privateKey, nowMs))

    expect(status).toBe(200)
  })
})
