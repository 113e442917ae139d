import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EnrollResponse, SignInResponse } from '../../../src-shared/contract/http.ts'
import { createDeviceCode, hashCode } from '../../../sync-server/auth/codes.ts'
import { inRole } from '../../../sync-server/db/postgres.ts'
import { academy, facility, newId } from '../../support/academy.ts'
import {
  newDeviceKey,
  pause,
  postJson,
  signAssertion,
  startSyncServer,
  type TestServer,
} from '../../support/sync-server.ts'

let nowMs = Date.now()
let server: TestServer

beforeAll(async () => {
  server = await startSyncServer({}, () => nowMs)
})
afterAll(async () => server.close())

const makeCode = async (minutes = 10): Promise<string> => {
  const request = { facilityId: academy.facility_id, audience: 'desk', createdBy: null, minutes } as const
  return (await createDeviceCode(server.postgres.db, request, nowMs)).code
}

const enroll = async (code: string, name = 'Desk') => {
  const { publicJwk } = await newDeviceKey()
  return postJson<EnrollResponse>(`${server.url()}/v1/devices/enroll`, { code, name, public_key: publicJwk })
}

describe('enrolling a device', () => {
  test('gives it an id, its facility, a till of its own and the public keys of the server', async () => {
    const { status, body } = await enroll(await makeCode())

    expect(status).toBe(200)
    expect(body).toMatchObject({ facility_id: academy.facility_id, facility_name: 'Werribee', audience: 'desk' })
    expect(body.till.code).toMatch(/^WER\d+$/)
    expect(body.lease_key).toEqual(server.keys.lease.publicJwk)
    expect(body.recovery_key).toEqual(server.keys.recovery.publicJwk)
    expect(JSON.stringify(body)).not.toContain('"d":')
  })

  test('writes the device, its key, its till and its progress in one transaction', async () => {
    const { body } = await enroll(await makeCode(), 'Pool side')

    const rows = await server.sql(
      `select device.name, progress.last_seq, till.code, key.public_key like '%Ed25519%' as has_key
       from devices device join device_progress progress using (id) join device_keys key using (id)
       join tills till on till.device_id = device.id where device.id = $1`,
      [body.device_id],
    )

    expect(rows).toEqual([{ name: 'Pool side', last_seq: 0, code: body.till.code, has_key: true }])
  })

  test('takes a code as people type it: lower case, blanks, O for 0, l for 1', async () => {
    const code = await makeCode()
    const typed = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `

    const { status } = await enroll(typed)

    expect(status).toBe(200)
  })

  test('gives a code to one of ten that send it at the same moment', async () => {
    const code = await makeCode()

    // All of them have found the code good before the first can take it.
    const sent = await inRole(server.postgres.db, { role: 'foyer_auth' }, async (tx) => {
      await tx.selectFrom('device_codes').select('id').where('code_hash', '=', hashCode(code)).forUpdate().execute()
      const requests = Array.from({ length: 10 }, async () => enroll(code))
      await pause(500)
      return { requests }
    })
    const answers = await Promise.all(sent.requests)

    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 403),
    ])
    // Ten wrong tries are allowed in ten minutes; the next test begins afresh.
    nowMs += 601_000
  })

  test('gives ten devices at the same moment ten tills, numbered without a gap', async () => {
    const codes = await Promise.all(Array.from({ length: 10 }, async () => makeCode()))

    const answers = await Promise.all(codes.map(async (code) => enroll(code)))

    const numbers = answers.map(({ body }) => Number(body.till.code.slice(3))).toSorted((a, b) => a - b)
    const first = numbers[0] ?? 0
    expect(numbers).toEqual(Array.from({ length: 10 }, (_, index) => first + index))
  })

  test('refuses a key that is none, and the code stays good', async () => {
    const code = await makeCode()
    const public_key = { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }

    const refused = await postJson(`${server.url()}/v1/devices/enroll`, { code, name: 'Desk', public_key })
    const again = await enroll(code)

    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_input', details: { path: 'public_key' } } })
    expect(again.status).toBe(200)
  })

  test('refuses a code that is over', async () => {
    const code = await makeCode(10)
    nowMs += 10 * 60_000 + 1

    const answer = await enroll(code)

    expect(answer).toMatchObject({ status: 403, body: { code: 'code_invalid' } })
  })

  test('refuses an address after ten wrong codes, also with a right one, until ten minutes are over', async () => {
    nowMs += 601_000
    for (let tries = 0; tries < 10; tries++) await enroll('0000-0000-0000')
    const right = await makeCode(30)

    const locked = await enroll(right)
    nowMs += 601_000
    const later = await enroll(right)

    expect(locked).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } })
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(later.status).toBe(200)
  })

  test('keeps only the hash of a code', async () => {
    const code = await makeCode()

    const rows = await server.sql<{ text: string }>(`select device_codes::text as text from device_codes`)

    const plain = code.replaceAll('-', '')
    expect(rows.some(({ text }) => text.includes(code) || text.includes(plain))).toBe(false)
    expect(plain).toMatch(/^[0-9A-HJKMNP-TV-Z]{12}$/)
  })
})

describe('POST /v1/device-codes', () => {
  test('makes a code for a signed-in person who may enroll devices', async () => {
    const device = await server.enroll()
    const { lease } = await device.signIn()

    const made = await device.post<{ code: string }>('/v1/device-codes', { lease, audience: 'office' })
    const second = await enroll(made.body.code)

    expect(made.status).toBe(200)
    expect(second).toMatchObject({ status: 200, body: { audience: 'office', facility_id: academy.facility_id } })
  })

  test('refuses the lease of another device', async () => {
    const [mine, other] = [await server.enroll(), await server.enroll()]
    const { lease } = await other.signIn()

    const answer = await mine.post('/v1/device-codes', { lease, audience: 'desk' })

    expect(answer).toMatchObject({ status: 403, body: { code: 'lease_invalid' } })
  })

  test('refuses a lease whose signature was changed', async () => {
    const device = await server.enroll()
    const { lease } = await device.signIn()
    const forged = lease.replace(/\.[^.]+$/, `.${'A'.repeat(86)}`)

    const answer = await device.post('/v1/device-codes', { lease: forged, audience: 'desk' })

    expect(answer).toMatchObject({ status: 403, body: { code: 'lease_invalid' } })
  })

  test('refuses a person whose role does not allow it', async () => {
    const device = await server.enroll()
    const { lease } = (await device.signIn()) satisfies SignInResponse
    await server.sql(`update role_permissions set permission = 'nothing' where permission = 'devices.enroll'`)

    const answer = await device.post('/v1/device-codes', { lease, audience: 'desk' })
    await server.sql(`update role_permissions set permission = 'devices.enroll' where permission = 'nothing'`)

    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  })
})

test('the tills of two facilities are counted apart', async () => {
  const second = facility({ id: newId(), name: 'Hoppers', code: 'HOP' })
  await server.insert('facilities', second)

  const device = await server.enroll({ facilityId: second.id })

  expect(device.enrolled.till.code).toBe('HOP1')
})

test('the tills of a facility whose letters end in a digit are counted by what follows them', async () => {
  const pool = facility({ id: newId(), name: 'Pool 2', code: 'P2' })
  await server.insert('facilities', pool)

  const devices = [await server.enroll({ facilityId: pool.id }), await server.enroll({ facilityId: pool.id })]

  expect(devices.map(({ enrolled }) => enrolled.till.code)).toEqual(['P21', 'P22'])
})

describe('a device that has lost its key (D16)', () => {
  const renewKey = async (device_id: string, code: string) => {
    const { privateKey, publicJwk } = await newDeviceKey()
    const answer = await postJson<EnrollResponse>(`${server.url()}/v1/devices/enroll`, {
      code,
      name: 'Desk',
      public_key: publicJwk,
      device_id,
    })
    return { answer, privateKey }
  }
  const tokenStatus = async (deviceId: string, privateKey: CryptoKey): Promise<number> => {
    const assertion = await signAssertion(deviceId, privateKey, nowMs)
    return (await postJson(`${server.url()}/v1/token`, { assertion })).status
  }

  test('stays who it is with a new one, and the old one is worth nothing', async () => {
    const { enrolled, privateKey: oldKey } = await server.enroll()

    const { answer, privateKey } = await renewKey(enrolled.device_id, await makeCode())

    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ device_id: enrolled.device_id, till: enrolled.till })
    expect(await tokenStatus(enrolled.device_id, privateKey)).toBe(200)
    expect(await tokenStatus(enrolled.device_id, oldKey)).toBe(401)
  })

  test('comes in with the new one, and not with the old one, where a restored backup knows the old one only (S5)', async () => {
    const { enrolled, privateKey: oldKey } = await server.enroll()
    const [old] = await server.sql('select * from device_keys where id = $1', [enrolled.device_id])
    nowMs += 60_000
    const { answer, privateKey } = await renewKey(enrolled.device_id, await makeCode())
    await server.sql('update device_keys set public_key = $2, since = $3 where id = $1', [
      enrolled.device_id,
      old?.['public_key'],
      old?.['since'],
    ])
    await server.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)
    const ask = async (key: CryptoKey, certificate?: string) => {
      const assertion = await signAssertion(enrolled.device_id, key, nowMs)
      return postJson(`${server.url()}/v1/token`, { assertion, certificate })
    }

    const first = await ask(privateKey)
    const withItsCertificate = await ask(privateKey, answer.body.certificate)
    const withTheOld = await ask(oldKey, enrolled.certificate)
    const again = await ask(privateKey)

    expect(first).toMatchObject({ status: 401, body: { details: { reason: 'unknown_device' } } })
    expect([withItsCertificate.status, withTheOld.status, again.status]).toEqual([200, 401, 200])
  })

  test('gets none when it was revoked, is of another kind or facility, or never was', async () => {
    const [revoked, office, other] = [
      await server.enroll(),
      await server.enroll({ audience: 'office' }),
      await server.enroll(),
    ]
    await server.sql('update devices set revoked_at = now() where id = $1', [revoked.enrolled.device_id])
    const elsewhere = facility({ id: newId(), code: 'ELS', name: 'Elsewhere' })
    await server.insert('facilities', elsewhere)
    const request = { facilityId: elsewhere.id, audience: 'desk', createdBy: null, minutes: 10 } as const
    const { code: codeElsewhere } = await createDeviceCode(server.postgres.db, request, nowMs)

    const answers = [
      await renewKey(revoked.enrolled.device_id, await makeCode()),
      await renewKey(office.enrolled.device_id, await makeCode()),
      await renewKey(other.enrolled.device_id, codeElsewhere),
      await renewKey(academy.staff_id, await makeCode()),
    ]

    expect(answers.map(({ answer }) => answer.body)).toMatchObject(answers.map(() => ({ code: 'code_invalid' })))
    expect(await tokenStatus(other.enrolled.device_id, other.privateKey)).toBe(200)
  })
})
