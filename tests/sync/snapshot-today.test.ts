import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDesk, type TestDesk } from '../support/desk.ts'
import { addFamilies, addOldSessions, publishToday } from '../support/snapshots.ts'
import { removeFolder, temporaryFolder } from '../support/store.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let snapshots: string
let desks: TestDesk[] = []

beforeEach(async () => {
  snapshots = temporaryFolder()
  server = await startSyncServer({ snapshotFolder: snapshots })
  await server.sql('update sessions set date = current_date')
  await server.enroll()
  await addFamilies(server, 50)
  await addOldSessions(server, 200)
  await publishToday(server, snapshots)
})
afterEach(async () => {
  for (const desk of desks) await desk.remove()
  desks = []
  await server.close()
  removeFolder(snapshots)
})

/** A line on which only what is around today comes, until it is opened. */
const narrowLine = () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const line: typeof fetch = async (input, init) => {
    const { pathname, searchParams } = new URL(input instanceof Request ? input.url : String(input))
    const isWhole = pathname === '/v1/snapshot' && searchParams.get('extent') === 'whole'
    if (isWhole || pathname === '/v1/shape') await promise
    return fetch(input, init)
  }
  return { line, open: resolve }
}

const enrolled = async (line: typeof fetch, folder = temporaryFolder()): Promise<TestDesk> => {
  const desk = openDesk({ folder, fetch: line })
  desks.push(desk)
  await desk.call('device.enroll', { code: await server.newCode(), name: 'Desk', server_url: server.url() })
  await desk.signIn()
  return desk
}

const noLine: typeof fetch = async () => {
  throw new TypeError('fetch failed')
}

const otherDays = async (desk: TestDesk) => (await desk.data.status()).other_days
const hasAll = async (desk: TestDesk): Promise<boolean> => (await otherDays(desk)) === null
const sessionsAt = (desk: TestDesk): number => desk.rows('sessions').length

const checkInAll = (desk: TestDesk) => {
  const { children, session } = server.counter
  return desk.command('check_in.record', {
    entries: children.map(({ id }) => ({ student_id: id, session_id: session.id })),
  })
}

describe('a new desk on a slow line', () => {
  test('opens its counter with today and the people, and gets the other days meanwhile (F12)', async () => {
    const { line, open } = narrowLine()
    const desk = await enrolled(line)

    const early = [sessionsAt(desk), desk.rows('families').length, await hasAll(desk)]
    open()
    await until(() => hasAll(desk))

    expect(early).toEqual([1, 51, false])
    expect([sessionsAt(desk), desk.rows('families').length]).toEqual([201, 51])
    expect(desk.faults).toEqual([])
  })

  test('finds people, takes check-ins and sends them before the other days are there (I5)', async () => {
    const { line, open } = narrowLine()
    const desk = await enrolled(line)
    const hits = await desk.query('counter.search', { text: 'berg 42', now: new Date().toISOString() })

    await checkInAll(desk)
    const { length } = server.counter.children
    await until(async () => (await server.sql('select from check_ins')).length === length)
    const shown = desk.rows('check_ins').length
    open()
    await until(async () => (await hasAll(desk)) && (await desk.data.status()).waiting === 0)

    expect(JSON.stringify(hits)).toContain('Berg 42')
    expect([shown, desk.rows('check_ins').length]).toEqual([length, length])
    expect(await server.sql('select from check_ins')).toHaveLength(length)
  })

  test('keeps what was saved when it is closed meanwhile, and goes on where it was', async () => {
    const folder = temporaryFolder()
    const first = await enrolled(narrowLine().line, folder)
    await first.stop()
    const offline = openDesk({ folder, fetch: noLine })
    await offline.signIn()
    await checkInAll(offline)
    const seen = [sessionsAt(offline), await hasAll(offline), (await offline.data.status()).waiting]
    await offline.stop()

    const again = openDesk({ folder })
    desks.push(again)
    await again.signIn()
    await until(async () => (await hasAll(again)) && (await again.data.status()).waiting === 0)

    expect(seen).toEqual([1, false, 1])
    expect(sessionsAt(again)).toBe(201)
    expect(await server.sql('select from check_ins')).toHaveLength(server.counter.children.length)
  })

  test('is not compared with the server before it has everything (H1)', async () => {
    const { line } = narrowLine()
    const desk = await enrolled(line)

    await desk.call('sync.compare')
    await until(async () => (await desk.data.status()).health.activity === 'wanted')

    expect((await desk.data.status()).health).toMatchObject({ compared_at: null, different: [], mended: [] })
  })

  test('waits for the whole where today cannot be had', async () => {
    const line: typeof fetch = async (input, init) => {
      const url = input instanceof Request ? input.url : String(input)
      return url.includes('extent=today') ? new Response('{}', { status: 404 }) : fetch(input, init)
    }

    const desk = await enrolled(line)

    expect([sessionsAt(desk), await hasAll(desk)]).toEqual([201, true])
    const stages = desk.pushes.flatMap((push) => (push.push === 'app-state' ? [push.data.stage] : []))
    expect(stages).toContain('loading')
  })
})
