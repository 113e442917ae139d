import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
const desks: TestDesk[] = []
let isCut = false

/** One for all: each test brings a desk of its own. */
beforeAll(async () => {
  server = await startSyncServer()
})
afterEach(async () => {
  isCut = false
  for (const desk of desks.splice(0)) await desk.remove()
})
afterAll(() => server.close())

const line: typeof fetch = async (input, init) => {
  if (isCut) throw new TypeError('The line is cut')
  return fetch(input, init)
}

const mark = async (desk: TestDesk, child: 0 | 1 | 2): Promise<string> => {
  const { session, children } = server.counter
  const marks = [{ student_id: children[child].id, code: 'late', note: null }]
  return (await desk.command('attendance.mark', { session_id: session.id, marks })).mutation_id
}

/** A desk with three changes that are not sent, started again with a replica that says that `progress` are decided. */
const misled = async (progress: number): Promise<{ readonly desk: TestDesk; readonly ids: string[] }> => {
  const desk = await enrollDesk(server, { fetch: line })
  isCut = true
  const ids = [await mark(desk, 0), await mark(desk, 1), await mark(desk, 2)]
  desk.data
    .signedIn()
    .store.replica.db.prepare('update device_progress set last_seq = ? where id = ?')
    .run(progress, deviceOf(desk))
  await desk.stop()
  isCut = false
  const again = openDesk({ folder: desk.folder, fetch: line })
  desks.push(again)
  await again.signIn()
  return { desk: again, ids }
}

const deviceOf = (desk: TestDesk): string => desk.data.signedIn().device.profile().device_id

const outcomesOf = async (ids: readonly string[]): Promise<readonly string[]> => {
  const rows = await server.sql<{ outcome: string }>('select outcome from mutations where id = any($1)', [ids])
  return rows.map(({ outcome }) => outcome)
}

/** Asks for a comparison and waits for all that follows from it. */
const compare = async (desk: TestDesk): Promise<readonly string[]> => {
  const before = (await desk.data.status()).health.compared_at
  await desk.call('sync.compare')
  await until(async () => {
    const { activity, compared_at } = (await desk.data.status()).health
    return activity === 'none' && compared_at !== before
  })
  return (await desk.data.status()).health.different
}

const drained = (desk: TestDesk) =>
  until(async () => {
    const { waiting, online } = await desk.data.status()
    return waiting === 0 && online
  })

describe('a desk whose replica says that more of its work is decided than is', () => {
  test('sends what it believed sent as soon as it has compared, without any new work (D7, SPEC H5, U3)', async () => {
    const { desk, ids } = await misled(3)

    await compare(desk)
    await until(async () => (await outcomesOf(ids)).length === ids.length)
    await drained(desk)

    expect(await outcomesOf(ids)).toEqual(['applied', 'applied', 'applied'])
    expect(await compare(desk)).toEqual([])
  })

  test.each([
    ['more than it has done', 1000],
    ['more than anybody can do', 2_147_483_647],
  ])(
    'also where that is %s: what it does next is sent too, and nothing waits for ever (U10)',
    async (_what, progress) => {
      const { desk, ids } = await misled(progress)

      ids.push(await mark(desk, 0))
      await compare(desk)
      ids.push(await mark(desk, 1))
      await until(async () => (await outcomesOf(ids)).length === ids.length)
      await drained(desk)

      expect(await outcomesOf(ids)).toEqual(ids.map(() => 'applied'))
      expect(await compare(desk)).toEqual([])
      expect((await desk.data.status()).problem).toBeNull()
    },
  )
})
