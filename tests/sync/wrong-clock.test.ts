import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { enrollDesk, type TestDesk } from '../support/desk.ts'
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

const clockAhead = async (desk: TestDesk) => (await desk.call('sync.status')).clock_ahead_seconds

describe('a computer whose clock is years off (T4)', () => {
  test.each([threeYears, -threeYears])(
    'says so at %i seconds ahead, and what is done at it is saved and sent all the same',
    async (seconds) => {
      const desk = await newDesk(() => Date.now() + seconds * 1000)

      const { mutation_id } = await checkIn(desk)
      await until(async () => (await desk.data.status()).waiting === 0)

      const sent = await server.sql('select outcome from mutations where id = $1', [mutation_id])
      const told = (await clockAhead(desk)) ?? 0
      expect(sent).toEqual([{ outcome: 'applied' }])
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
})

test('a computer whose clock is right is told nothing of it', async () => {
  const desk = await newDesk(Date.now)

  await checkIn(desk)
  await until(async () => (await desk.data.status()).waiting === 0)

  expect(await clockAhead(desk)).toBeNull()
})
