import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readProfile, writeProfile } from '../../src-main/data/device/profile.ts'
import { hashPassword } from '../../sync-server/auth/sign-in.ts'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { paymentOf } from '../support/payment-args.ts'
import { password, signInName, startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

const dayMs = 24 * 3600 * 1000

let server: TestServer
let desk: TestDesk
let folder: string
let line: typeof fetch
let aheadMs = 0
const now = (): number => Date.now() + aheadMs

const cut: typeof fetch = () => Promise.reject(new TypeError('The line is cut'))
/** Nothing ever comes. */
const dead: typeof fetch = (_input, init) =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(new TypeError('The line is dead')))
  })

beforeEach(async () => {
  aheadMs = 0
  line = fetch
  server = await startSyncServer({}, now)
  desk = await enrollDesk(server, { now })
  folder = desk.folder
  await restart()
})
afterEach(async () => {
  await desk.remove()
  await server.close()
})

/** Everybody is signed out, and only what is on the disk is known. */
const restart = async (): Promise<void> => {
  await desk.stop()
  desk = openDesk({ folder, fetch: (...request) => line(...request), now })
}
const signIn = async (sign_in_name = signInName, typed = password): Promise<string> => {
  const reply = await desk.invoke('session.sign_in', { sign_in_name, password: typed })
  return reply.ok ? 'in' : reply.error.code
}
const knownStaff = () => readProfile(folder)?.known_staff ?? []

describe('a person', () => {
  test('is known without internet however they typed their name, also when the lease was renewed', async () => {
    aheadMs = 2 * dayMs
    const leaseBefore = knownStaff()[0]?.lease_id
    await signIn(' Sam.LEE ')
    await until(() => knownStaff()[0]?.lease_id !== leaseBefore)
    line = cut
    await restart()

    expect(knownStaff().map(({ sign_in_name }) => sign_in_name)).toEqual([signInName])
    expect([await signIn(), await signIn('SAM.lee')]).toEqual(['in', 'in'])
  })

  test('is asked about after a day, also where leases are long', async () => {
    await desk.remove()
    await server.close()
    server = await startSyncServer({ leaseDays: 60 }, now)
    desk = await enrollDesk(server, { now })
    folder = desk.folder
    await restart()
    const leaseBefore = knownStaff()[0]?.lease_id
    aheadMs = 2 * dayMs

    await signIn()
    await until(() => knownStaff()[0]?.lease_id !== leaseBefore)

    expect(Date.parse(knownStaff()[0]?.lease_not_after ?? '') - now()).toBeGreaterThan(59 * dayMs)
  })

  test('whom the server has refused is not let in by this computer either', async () => {
    aheadMs = 2 * dayMs
    await server.sql('update staff_credentials set password_hash = $1', [await hashPassword('another one')])
    await signIn()
    await until(() => desk.data.appState().stage === 'signed_out')
    line = cut
    const old = await signIn()
    line = fetch

    expect(old).toBe('needs_internet')
    expect(await signIn(signInName, 'another one')).toBe('in')
  })

  test('who is known does not wait for one whom only a dead line could let in', async () => {
    line = dead
    let isAnswered = false
    void signIn('somebody.else').then(() => (isAnswered = true))

    const known = await signIn()

    expect([known, isAnswered]).toEqual(['in', false])
  })
})

describe('whose role is taken away while they are signed in', () => {
  test('may do no more what it allowed, and the window is told at once (B9)', async () => {
    await desk.signIn()
    const told = (): readonly string[] | undefined =>
      desk.pushes.flatMap((push) => (push.push === 'app-state' ? [push.data.session?.permissions] : [])).at(-1)
    expect(told()).toContain('payments.take')

    await server.sql('update role_assignments set ended_at = now()')

    await until(() => told()?.length === 0)
    const taken = desk.command('payment.take', paymentOf(server.counter)(1000, []))
    await expect(taken).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('wrong passwords (H8)', () => {
  test('are counted also at a computer that was revoked', async () => {
    await server.sql('update devices set revoked_at = now()')
    const guesses: string[] = []
    for (let guess = 0; guess < 7; guess += 1) guesses.push(await signIn(signInName, `guess ${guess}`))

    expect(guesses).toEqual([...Array<string>(5).fill('device_revoked'), 'too_many_attempts', 'too_many_attempts'])
    expect(knownStaff()[0]?.failed_attempts).toBe(5)
  })

  test('are counted one by one, however many come at once', async () => {
    line = cut
    const guesses = await Promise.all(Array.from({ length: 20 }, (_, guess) => signIn(signInName, `guess ${guess}`)))

    expect(guesses.filter((said) => said === 'wrong_password')).toHaveLength(5)
    expect(guesses.filter((said) => said === 'too_many_attempts')).toHaveLength(15)
    expect(knownStaff()[0]?.failed_attempts).toBe(5)
  })

  test('when there were too many, the right one needs the internet, is told so and counts for nothing', async () => {
    const profile = readProfile(folder)
    if (profile) {
      const known_staff = profile.known_staff.map((known) => ({ ...known, failed_attempts: 20 }))
      writeProfile(folder, { ...profile, known_staff })
    }
    line = cut
    await restart()

    const without = await signIn()
    const counted = knownStaff()[0]?.failed_attempts
    line = fetch

    expect([without, counted]).toEqual(['needs_internet', 20])
    expect(await signIn()).toBe('in')
    expect(knownStaff()[0]?.failed_attempts).toBe(0)
  })
})
