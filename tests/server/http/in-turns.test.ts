import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MutationsResponse } from '../../../src-shared/contract/http.ts'
import { academy } from '../../support/academy.ts'
import { password, signInName, startSyncServer, type TestServer } from '../../support/sync-server.ts'
import { until } from '../../support/until.ts'

let server: TestServer

beforeAll(async () => {
  // A machine may stall for longer than the server waits for a lock that is held on purpose.
  server = await startSyncServer({}, undefined, undefined, 20_000)
})
afterAll(async () => server.close())

/** While another transaction has what this statement locks. */
const whileLocked = async (statement: string, work: () => Promise<void>): Promise<void> => {
  const holder = new Client({ connectionString: server.adminUrl })
  await holder.connect()
  try {
    await holder.query(`begin; ${statement}`)
    await work()
  } finally {
    await holder.end()
  }
}

const waiting = async (): Promise<number> => {
  const [row] = await server.sql<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
  )
  return row?.count ?? 0
}

describe.each(['offset=-1', 'offset=0_0&live=true'])(
  'a device that asks for %s a hundred times at once (N5)',
  (question) => {
    test('has one turn, and keeps nobody waiting; what is too much is told so', async () => {
      const [greedy, other] = [await server.enroll(), await server.enroll()]
      const handle = (await greedy.request('/v1/shape?offset=-1')).headers.get('electric-handle')
      const ask = async () => {
        const { status, headers } = await greedy.request(`/v1/shape?${question}&handle=${handle}`)
        return status === 429 ? `429 in ${headers.get('retry-after')} s` : status
      }
      const asked: Promise<unknown>[] = []
      let others: ReturnType<typeof other.request> | undefined

      await whileLocked('lock table sync_log', async () => {
        for (let count = 0; count < 100; count += 1) asked.push(ask())
        others = other.request('/v1/shape?offset=-1')
        await until(async () => (await waiting()) >= 2)
        const ready = await fetch(`${server.url()}/v1/ready`)

        expect(ready.status).toBe(200)
        expect(await waiting()).toBe(2)
      })

      expect((await others)?.status).toBe(200)
      const answers = await Promise.all(asked)
      expect(answers.filter((answer) => answer === 200)).toHaveLength(64)
      expect(new Set(answers)).toEqual(new Set([200, '429 in 1 s']))
    })
  },
)

test('the desks of a facility whose log is locked leave connections to the others', async () => {
  const desks = await Promise.all(Array.from({ length: 12 }, async () => server.enroll()))
  const entries = [{ student_id: server.counter.children[0]?.id, session_id: server.counter.session.id }]
  const mutations = await Promise.all(desks.map(async (desk) => desk.mutation('check_in.record', { entries })))
  let sent: Promise<number>[] = []

  await whileLocked(`select from facility_heads where facility_id = '${academy.facility_id}' for update`, async () => {
    sent = desks.map(async (desk, index) => (await desk.send(mutations[index])).status)
    await until(async () => (await waiting()) === 3)
    await delay(300)
    const ready = await fetch(`${server.url()}/v1/ready`)

    expect(ready.status).toBe(200)
    expect(await waiting()).toBe(3)
  })

  expect(new Set(await Promise.all(sent))).toEqual(new Set([200]))
})

test('a device that is shut out while it waits for its turn gets nothing', async () => {
  const device = await server.enroll()
  const signIn = async () =>
    (await device.post('/v1/sign-in', { sign_in_name: signInName, password, recovery: null })).status
  await device.token()
  const sent: Promise<number>[] = []

  await whileLocked('lock table leases', async () => {
    sent.push(signIn())
    await until(async () => (await waiting()) === 1)
    sent.push(signIn())
    await delay(200)
    await server.sql('update devices set revoked_at = now() where id = $1', [device.enrolled.device_id])
  })

  expect((await Promise.all(sent)).at(-1)).toBe(403)
})

test('what a client sent that has gone before its turn is not carried out: it sends it again', async () => {
  const device = await server.enroll()
  const entries = [{ student_id: server.counter.children[0]?.id, session_id: server.counter.session.id }]
  const [first, second] = [
    await device.mutation('check_in.record', { entries }),
    await device.mutation('check_in.record', { entries }),
  ]
  const send = async (mutation: unknown, signal: AbortSignal) =>
    device.request<MutationsResponse>('/v1/mutations', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ mutations: [mutation] }),
      signal,
    })
  const [staying, leaving] = [new AbortController(), new AbortController()]
  let sent: ReturnType<typeof send> | undefined

  await whileLocked(`select from device_progress where id = '${device.enrolled.device_id}' for update`, async () => {
    sent = send(first, staying.signal)
    await until(async () => (await waiting()) === 1)
    const given = send(second, leaving.signal)
    await delay(200)
    leaving.abort()
    await expect(given).rejects.toThrow('aborted')
  })
  const again = await send(first, staying.signal)

  expect((await sent)?.body.last_seq).toBe(1)
  expect(again.body.last_seq).toBe(1)
  expect((await send(second, staying.signal)).body.last_seq).toBe(2)
})
