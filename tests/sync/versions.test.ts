import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { versionHeader } from '../../src-shared/contract/version.ts'
import { enrollDesk, type TestDesk } from '../support/desk.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let desks: TestDesk[] = []

beforeEach(async () => {
  server = await startSyncServer({ pollSeconds: 0.3 })
})
afterEach(async () => {
  for (const desk of desks) await desk.remove()
  desks = []
  await server.close()
})

const newDesk = async (options: Parameters<typeof enrollDesk>[1] = {}): Promise<TestDesk> => {
  const desk = await enrollDesk(server, options)
  desks.push(desk)
  return desk
}

const checkIn = (desk: TestDesk, child: 0 | 1) =>
  desk.command('check_in.record', {
    entries: [{ student_id: server.counter.children[child].id, session_id: server.counter.session.id }],
  })

const drained = async (desk: TestDesk) => until(async () => (await desk.data.status()).waiting === 0)

describe('a desk that is older than the server', () => {
  test('passes over tables and columns that it does not know, before and after a start (S8, S9)', async () => {
    const desk = await newDesk()

    await server.sql(`alter table families add column loyalty text not null default 'gold'`)
    await server.sql(`create table lockers (id uuid primary key, facility_id uuid not null references facilities)`)
    await server.sql(`select sync_follow('lockers', 'facility', 'facility_id', 'desk')`)
    await server.sql(`insert into lockers select gen_random_uuid(), id from facilities`)
    await server.sql(`update families set name = 'Renamed', loyalty = 'silver'`)
    await checkIn(desk, 0)
    await drained(desk)
    await until(() => desk.rows('families')[0]?.['name'] === 'Renamed')
    const fresh = await newDesk()

    expect(fresh.rows('families')).toEqual(desk.rows('families'))
    expect(fresh.rows('check_ins')).toHaveLength(1)
    expect([...desk.faults, ...fresh.faults]).toEqual([])
  })

  test('by too much gets no data and is told why, while what it does still goes up (S8, D14)', async () => {
    let version = '1'
    const line: typeof fetch = async (input, init) => {
      const headers = new Headers(init?.headers)
      headers.set(versionHeader, version)
      return fetch(input, { ...init, headers })
    }
    const desk = await newDesk({ fetch: line })

    // Older than the oldest that the server sends data to.
    version = '0'
    await checkIn(desk, 0)
    await until(async () => (await desk.data.status()).problem?.code === 'update_needed')
    await checkIn(desk, 1)
    await until(async () => (await checkInsOnServer()) === 2)

    expect(desk.rows('check_ins')).toHaveLength(2)
    expect((await desk.data.status()).problem).toMatchObject({ code: 'update_needed', details: { version: 1 } })
    expect(desk.faults).toEqual([])
  })
})

describe('a desk that is newer than the server', () => {
  test('says so, keeps what it has, and what it does goes up (S8, D14)', async () => {
    let isOlder = false
    const line: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      const url = input instanceof Request ? input.url : input.toString()
      if (!isOlder || !url.includes('/v1/shape')) return response
      // A column of ours that this server does not have yet.
      const text = (await response.text()).replaceAll(String.raw`\"name\": `, String.raw`\"called\": `)
      return new Response(text, response)
    }
    const desk = await newDesk({ fetch: line })

    isOlder = true
    await server.sql(`update families set name = 'Renamed'`)
    await until(async () => (await desk.data.status()).problem?.code === 'update_needed')
    await checkIn(desk, 0)
    await until(async () => (await checkInsOnServer()) === 1)
    const name = desk.rows('families')[0]?.['name']
    const problem = (await desk.data.status()).problem

    expect(name).toBe('Berg')
    expect(problem).toMatchObject({ details: { part: 'server' } })
    expect(desk.faults).toEqual([])
  })
})

const checkInsOnServer = async () => (await server.sql<{ n: number }>('select count(*)::int as n from check_ins'))[0]?.n
