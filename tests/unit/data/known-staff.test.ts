import { expect, test } from 'vitest'
import type { Profile } from '../../../src-main/data/device/profile.ts'
import { passwordKey, seal } from '../../../src-main/data/device/sealed.ts'
import { renewLease, signIn, type SignInParts } from '../../../src-main/data/device/sign-in.ts'
import { mutex } from '../../../src-main/data/mutex.ts'
import { Outage } from '../../../src-main/data/sync/server.ts'
import { DomainError } from '../../../src-shared/errors.ts'

const cost = { memoryKib: 1024, passes: 1 }
const salt = new Uint8Array(16).fill(1)
const deviceSecret = new Uint8Array(32).fill(2)
const right = { sign_in_name: 'sam.lee', password: 'pool-side-2' }

test('whom the server refuses stays forgotten, also when a wrong password is tried at that moment (H8)', async () => {
  const sam = {
    staff_id: '01990000-0000-7000-8000-000000000004',
    sign_in_name: right.sign_in_name,
    name: 'Sam Lee',
    salt: Buffer.from(salt).toString('base64url'),
    cost,
    wrap: seal(await passwordKey(right.password, salt, cost, deviceSecret), Buffer.from('data key')),
    lease: 'lease',
    lease_id: '01990000-0000-7000-8000-000000000005',
    lease_not_after: '2026-12-05T05:00:00.000Z',
    failed_attempts: 0,
    last_failed_at: null,
  }
  let profile = { recovery: 'sealed', known_staff: [sam] } as unknown as Profile
  let isRefusing = true
  const parts: SignInParts = {
    profile: () => profile,
    saveProfile: (changed) => void (profile = changed),
    server: {
      post: () => Promise.reject(isRefusing ? new DomainError('forbidden', 'No role') : new Outage(new Error('cut'))),
    },
    deviceSecret,
    cost,
    dataKey: new Uint8Array(32),
    now: () => Date.parse('2026-11-27T05:00:00.000Z'),
  }
  const signingIn = { here: mutex(), there: mutex() }

  const wrong = signIn(() => parts, { ...right, password: 'a guess' }, signingIn).catch(() => 'no')
  // It looks who is known before it does anything that takes long.
  await Promise.resolve().then(() => undefined)
  const refused = await renewLease(parts, right, sam)
  await wrong
  isRefusing = false

  expect(refused).toBe('refused')
  await expect(signIn(() => parts, right, signingIn)).rejects.toMatchObject({ code: 'needs_internet' })
})
