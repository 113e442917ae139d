import { CompactEncrypt, decodeJwt, importJWK, jwtVerify, type JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SignInResponse } from '../../../src-shared/contract/http.ts'
import { hashPassword } from '../../../sync-server/auth/sign-in.ts'
import { academy, facility, newId, staffMember } from '../../support/academy.ts'
import { password, signInName, startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'

let nowMs = Date.now()
let server: TestServer
let device: TestDevice

beforeAll(async () => {
  server = await startSyncServer({ leaseDays: 14 }, () => nowMs)
  device = await server.enroll()
})
afterAll(async () => server.close())

const signIn = async (sign_in_name: string, typed = password, recovery: string | null = null, at = device) =>
  at.post<SignInResponse>('/v1/sign-in', { sign_in_name, password: typed, recovery })

const addStaff = async (name: string, over: Parameters<typeof staffMember>[0] = {}): Promise<string> => {
  const person = staffMember({ id: newId(), ...over })
  await server.insert('staff', person)
  await server.insert('staff_credentials', {
    id: person.id,
    organization_id: academy.organization_id,
    sign_in_name: name,
    password_hash: await hashPassword(password),
  })
  return person.id
}

const assign = async (staff_id: string, facility_id: string | null): Promise<void> => {
  const [role] = await server.sql<{ id: string }>('select id from roles limit 1')
  const { organization_id } = academy
  await server.insert('role_assignments', { id: newId(), organization_id, staff_id, role_id: role?.id, facility_id })
}

const seal = async (dataKey: Uint8Array, header: Record<string, string>): Promise<string> => {
  // The contract types it as any JSON object.
  const key = await importJWK(device.enrolled.recovery_key as JWK, 'ECDH-ES')
  return new CompactEncrypt(dataKey).setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', ...header }).encrypt(key)
}

describe('signing in', () => {
  test('gives a lease for 14 days that the device can check by itself', async () => {
    const { status, body } = await signIn(signInName)

    const leaseKey = await importJWK(device.enrolled.lease_key as JWK, 'EdDSA')
    const { payload } = await jwtVerify(body.lease, leaseKey)
    expect(status).toBe(200)
    expect(payload).toMatchObject({
      sub: academy.staff_id,
      dev: device.enrolled.device_id,
      fac: academy.facility_id,
      jti: body.lease_id,
      exp: Date.parse(body.lease_not_after) / 1000,
    })
    expect(Math.round((Date.parse(body.lease_not_after) - nowMs) / 86_400_000)).toBe(14)
    expect(body.staff).toEqual({ id: academy.staff_id, first_name: 'Sam', last_name: 'Lee' })
    const rows = await server.sql('select staff_id, device_id from leases where id = $1', [body.lease_id])
    expect(rows).toEqual([{ staff_id: academy.staff_id, device_id: device.enrolled.device_id }])
  })

  test('takes the name in any case and with blanks around it', async () => {
    expect((await signIn(`  ${signInName.toUpperCase()} `)).status).toBe(200)
  })

  test('answers a wrong password and an unknown name alike', async () => {
    const wrong = await signIn(signInName, 'wrong')
    const unknown = await signIn('nobody', 'wrong')

    expect(wrong).toMatchObject({ status: 403, body: { code: 'wrong_password' } })
    expect(unknown.status).toBe(wrong.status)
    expect(unknown.body).toEqual(wrong.body)
  })

  test('locks a name at this device after ten wrong passwords, also for the right one, until five minutes are over', async () => {
    await assign(await addStaff('many.tries'), null)
    for (let tries = 0; tries < 10; tries++) await signIn('many.tries', 'wrong')

    const locked = await signIn('many.tries')
    const elsewhere = await signIn('many.tries', password, null, await server.enroll())
    const other = await signIn(signInName)
    nowMs += 301_000
    const later = await signIn('many.tries')

    expect(locked).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } })
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(elsewhere.status).toBe(200)
    expect(other.status).toBe(200)
    expect(later.status).toBe(200)
  })

  test('counts a burst of wrong passwords one by one: the eleventh at the same moment is not even tried', async () => {
    await assign(await addStaff('burst'), null)

    const answers = await Promise.all(Array.from({ length: 30 }, async () => signIn('burst', 'wrong')))

    expect(answers.filter(({ status }) => status === 403)).toHaveLength(10)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20)
  })

  test('refuses staff who have left, as if they had never been', async () => {
    await assign(await addStaff('has.left', { archived_at: '2026-01-01T00:00:00.000Z' }), null)

    expect(await signIn('has.left')).toMatchObject({ status: 403, body: { code: 'wrong_password' } })
  })

  test('refuses staff whose only role is at another facility', async () => {
    const second = facility({ id: newId(), code: 'HOP' })
    await server.insert('facilities', second)
    await assign(await addStaff('works.elsewhere'), second.id)

    const here = await signIn('works.elsewhere')
    const there = await signIn('works.elsewhere', password, null, await server.enroll({ facilityId: second.id }))

    expect(here).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    expect(there.status).toBe(200)
  })
})

describe('the sealed data key', () => {
  const dataKey = new Uint8Array(32).fill(7)

  test('is opened for somebody who signs in at the facility it was sealed for', async () => {
    const recovery = await seal(dataKey, { fac: academy.facility_id })

    const { status, body } = await signIn(signInName, password, recovery)

    expect(status).toBe(200)
    expect(body.data_key).toBe(Buffer.from(dataKey).toString('base64url'))
  })

  test.each([
    ['of another facility', async () => seal(dataKey, { fac: newId() })],
    ['of no facility', async () => seal(dataKey, {})],
    ['of the wrong length', async () => seal(dataKey.slice(1), { fac: academy.facility_id })],
    ['that was changed', async () => `${(await seal(dataKey, { fac: academy.facility_id })).slice(0, -4)}AAAA`],
    ['that is none', async () => 'nonsense'],
    ['with a point that is not on the curve', async () => withBadPoint(await seal(dataKey, {}))],
  ])('%s is refused', async (_name, make) => {
    const answer = await signIn(signInName, password, await make())

    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } })
  })

  test('is not opened for a wrong password', async () => {
    const recovery = await seal(dataKey, { fac: academy.facility_id })

    const answer = await signIn(signInName, 'wrong', recovery)

    expect(answer.status).toBe(403)
    expect(JSON.stringify(answer.body)).not.toContain(Buffer.from(dataKey).toString('base64url'))
  })
})

const withBadPoint = (jwe: string): string => {
  const [, ...rest] = jwe.split('.')
  const epk = {
    kty: 'EC',
    crv: 'P-256',
    x: Buffer.alloc(32, 1).toString('base64url'),
    y: Buffer.alloc(32, 2).toString('base64url'),
  }
  const header = { alg: 'ECDH-ES', enc: 'A256GCM', fac: academy.facility_id, epk }
  return [Buffer.from(JSON.stringify(header)).toString('base64url'), ...rest].join('.')
}

test('neither a lease nor its key leaves the names of people behind', async () => {
  const { body } = await signIn(signInName)

  expect(JSON.stringify(decodeJwt(body.lease))).not.toContain('Sam')
})
