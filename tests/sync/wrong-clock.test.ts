import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { paymentOf } from '../support/payment-args.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

const threeYears = 3 * 365 * 24 * 3600

let server: TestServer
const desks: TestDesk[] = []

beforeAll(async () => {
  server = await startSyncServer({ pollSeconds: 0.3 })
})
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.remove()
})
afterAll(() => server.close())

const newDesk = async (now: () => number): Promise<TestDesk> => {
  const desk = await enrollDesk(server, { now })
  desks.push(desk)
  return desk
}

const checkIn = (desk: TestDesk) =>
  desk.command('check_in.record', {
    entries: [{ student_id: server.counter.children[0].id, session_id: server.counter.session.id }],
  })

const pay = (desk: TestDesk) => desk.command('payment.take', paymentOf(server.counter)(1000, []))

const clockAhead = async (desk: TestDesk) => (await desk.call('sync.status')).clock_ahead_seconds

describe('a computer whose clock is years off (T4)', () => {
  test.each([threeYears, -threeYears])(
    'says so at %i seconds ahead, and what is done at it is saved and sent all the same',
    async (seconds) => {
      const desk = await newDesk(() => Date.now() + seconds * 1000)

      const done = [await checkIn(desk), await pay(desk)].map(({ mutation_id }) => mutation_id)
      await until(async () => (await desk.data.status()).waiting === 0)

      const sent = await server.sql('select outcome from mutations where id = any($1)', [done])
      const told = (await clockAhead(desk)) ?? 0
      expect(sent).toEqual([{ outcome: 'applied' }, { outcome: 'applied' }])
      expect(Math.abs(told - seconds)).toBeLessThan(30)
      expect(desk.faults).toEqual([])
    },
  )

  test('says so to the window unasked, and no more when the clock is put right', async () => {
    let aheadMs = threeYears * 1000
    const desk = await newDesk(() => Date.now() + aheadMs)
    const told = (): number | null | undefined =>
      desk.pushes.flatMap((push) => (push.push === 'sync-status' ? [push.data.clock_ahead_seconds] : [])).at(-1)
    await until(() => typeof told() === 'number')

    aheadMs = 0

    await until(() => told() === null)
    expect(await clockAhead(desk)).toBeNull()
  })

  test('locks money while it knows no better, and opens it as soon as the server has answered', async () => {
    let isCut = false
    let tries = 0
    const line: typeof fetch = async (input, init) => {
      tries += 1
      if (isCut) throw new TypeError('The line is cut')
      return fetch(input, init)
    }
    const before = await enrollDesk(server, { fetch: line })
    await before.stop()
    isCut = true
    tries = 0
    const desk = openDesk({ folder: before.folder, fetch: line, now: () => Date.now() + threeYears * 1000 })
    desks.push(desk)
    await desk.signIn()
    const told = (): readonly string[] | undefined =>
      desk.pushes.flatMap((push) => (push.push === 'app-state' ? [push.data.session?.permissions] : [])).at(-1)
    expect(told()).toBeDefined()
    expect(told()).not.toContain('payments.take')
    // Its sign-in, which begins to be renewed at once, does not open it.
    await until(() => tries > 2)

    isCut = false

    await until(() => told()?.includes('payments.take') ?? false)
    await pay(desk)
  })

  test('renews a sign-in that is nearly over, also where that is far away by its clock', async () => {
    const before = await newDesk(Date.now)
    const { profile, saveProfile } = before.data.signedIn().device
    const lease_not_after = new Date(Date.now() + 60_000).toISOString()
    saveProfile({ ...profile(), known_staff: profile().known_staff.map((staff) => ({ ...staff, lease_not_after })) })
    await before.stop()
    let renewals = 0
    const line: typeof fetch = async (input, init) => {
      if (new Request(input).url.endsWith('/v1/sign-in')) renewals += 1
      return fetch(input, init)
    }
    const desk = openDesk({ folder: before.folder, fetch: line, now: () => Date.now() - threeYears * 1000 })
    desks.push(desk)

    await desk.signIn()

    await until(() => renewals > 0)
    expect(renewals).toBe(1)
  })
})

test('a computer whose clock is right is told nothing of it', async () => {
  const desk = await newDesk(Date.now)

  await checkIn(desk)
  await until(async () => (await desk.data.status()).waiting === 0)

  expect(await clockAhead(desk)).toBeNull()
})
