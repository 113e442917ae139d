import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MutationsResponse } from '../../../src-shared/contract/http.ts'
import { startSyncServer, type TestServer } from '../../support/sync-server.ts'
import { until } from '../../support/until.ts'

let server: TestServer

beforeAll(async () => {
  server = await startSyncServer()
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

test('a device that asks for the log a hundred times at once has one turn, and keeps nobody waiting', async () => {
  const [greedy, other] = [await server.enroll(), await server.enroll()]
  const ask = async ({ request }: typeof greedy) => (await request('/v1/shape?offset=-1')).status
  let asked: Promise<number>[] = []

  await whileLocked('lock table sync_log', async () => {
    asked = [...Array.from({ length: 100 }, async () => ask(greedy)), ask(other)]
    await until(async () => (await waiting()) >= 2)
    const ready = await fetch(`${server.url()}/v1/ready`)

    expect(ready.status).toBe(200)
    expect(await waiting()).toBe(2)
  })

  expect(new Set(await Promise.all(asked))).toEqual(new Set([200]))
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
