import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { followsHeader, type MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { session } from '../../support/academy.ts'
import { startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'
import { until } from '../../support/until.ts'

let server: TestServer

beforeAll(async () => {
  server = await startSyncServer({}, undefined, undefined, 20_000)
})
afterAll(async () => server.close())

const lastSeqOf = async ({ enrolled }: TestDevice): Promise<number | undefined> => {
  const [row] = await server.sql<{ last_seq: number }>('select last_seq from device_progress where id = $1', [
    enrolled.device_id,
  ])
  return row?.last_seq
}

describe('a long queue', () => {
  const queueOf = async (from: TestDevice, length: number): Promise<MutationEnvelope[]> => {
    const entries = server.counter.children.map(({ id }) => ({ student_id: id, session_id: server.counter.session.id }))
    const queue: MutationEnvelope[] = []
    for (let index = 0; index < length; index++) {
      queue.push(await from.mutation('check_in.record', { entries: [entries[index % 3]] }))
    }
    return queue
  }

  test('is decided in order, one by one, whatever is refused in it', async () => {
    const other = await server.enroll()
    const queue = await queueOf(other, 120)
    const bad = new Set([0, 40, 41, 119])
    const sent = queue.map((mutation, index) => (bad.has(index) ? { ...mutation, command: 'unknown' } : mutation))

    const { body } = await other.send(...sent)

    expect(body.outcomes.map(({ id }) => id)).toEqual(queue.map(({ id }) => id))
    expect(body.outcomes.map(({ outcome }) => outcome)).toEqual(
      queue.map((_, index) => (bad.has(index) ? 'refused' : 'applied')),
    )
    expect(await lastSeqOf(other)).toBe(120)
    const [row] = await server.sql<{ count: number }>(
      'select count(*)::int as count from check_ins where device_id = $1',
      [other.enrolled.device_id],
    )
    expect(row?.count).toBe(116)
  })

  test('is decided together also while others keep the head of the log for a while', async () => {
    const other = await server.enroll()
    const queue = await queueOf(other, 60)
    const holder = new Client({ connectionString: server.adminUrl })
    await holder.connect()
    await holder.query('begin')
    await holder.query('update facility_heads set pruned_to = pruned_to')

    const sending = other.send(...queue)
    const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
    await until(async () => (await server.sql(waiting)).length > 0)
    await delay(400)
    await holder.query('commit')
    await holder.end()
    const { body } = await sending

    expect(body.last_seq).toBe(60)
    const [row] = await server.sql<{ transactions: number }>(
      'select count(distinct xmin::text)::int as transactions from mutations where device_id = $1',
      [other.enrolled.device_id],
    )
    expect(row?.transactions).toBe(1)
  })

  test('that is sent five times at once is carried out once', async () => {
    const other = await server.enroll()
    const queue = await queueOf(other, 60)

    const answers = await Promise.all(Array.from({ length: 5 }, async () => other.send(...queue)))

    for (const { body } of answers) expect(body).toEqual(answers[0]?.body)
    const [row] = await server.sql<{ count: number }>(
      'select count(*)::int as count from check_ins where device_id = $1',
      [other.enrolled.device_id],
    )
    expect(row?.count).toBe(60)
  })

  test('of one desk and of another that lock the same rows in opposite order both get through (S3)', async () => {
    const desks = [await server.enroll(), await server.enroll()]
    const lessons = [0, 1].map(() => session({ class_id: server.counter.session.class_id }))
    for (const lesson of lessons) await server.insert('sessions', lesson)
    const [student_id] = server.counter.children.map(({ id }) => id)
    const queues = await Promise.all(
      desks.map(async (desk, order) => {
        const queue: MutationEnvelope[] = []
        for (let index = 0; index < 40; index++) {
          const session_id = lessons[(index + order) % 2]?.id
          queue.push(await desk.mutation('attendance.walk_in', { session_id, student_id }))
        }
        return queue
      }),
    )

    const answers = await Promise.all(desks.map(async (desk, index) => desk.send(...(queues[index] ?? []))))

    expect(answers.map(({ status, body }) => [status, body.last_seq])).toEqual([
      [200, 40],
      [200, 40],
    ])
    const walkIns = answers.flatMap(({ body }) => body.outcomes.filter(({ outcome }) => outcome === 'applied'))
    expect(walkIns).toHaveLength(2)
  })

  test('with an id in it that was used for something else refuses that one, in the middle of good ones', async () => {
    const other = await server.enroll()
    const [first, ...rest] = await queueOf(other, 4)
    const payment = await other.mutation('payment.take', {
      family_id: server.counter.family.id,
      method_id: server.counter.cash.id,
      amount: 100,
      tendered: null,
      reference: null,
      allocations: [],
    })
    await other.send(first, ...rest, payment)
    const [good, better] = await queueOf(other, 2)
    const payment_id = `${payment.id.slice(0, -3)}001`
    const reused = await other.mutation('payment.void', { payment_id, reason: 'x' }, { id: first?.id ?? '' })

    const { body } = await other.send(good, better, reused)

    expect(body.outcomes.map(({ outcome, error }) => error?.code ?? outcome)).toEqual([
      'applied',
      'applied',
      'mutation_changed',
    ])
    expect(await server.sql('select id from payment_voids where payment_id = $1', [payment_id])).toEqual([])
  })
})

describe('a device that has skipped numbers', () => {
  const checkIn = (from: TestDevice, seq: number) => {
    const entries = [{ student_id: server.counter.children[0].id, session_id: server.counter.session.id }]
    return from.mutation('check_in.record', { entries }, { seq })
  }
  const skipping = async (follows: number) => {
    const other = await server.enroll()
    const first = await checkIn(other, 1)
    const last = await checkIn(other, 1000)
    await other.send(first)
    const answer = await other.request<{ readonly code?: string }>('/v1/mutations', {
      method: 'POST',
      headers: { 'content-type': 'application/json', [followsHeader]: String(follows) },
      body: JSON.stringify({ mutations: [last] }),
    })
    return { other, answer, lastSeq: await lastSeqOf(other) }
  }

  test('and says after which goes on behind them', async () => {
    const { answer, lastSeq } = await skipping(1)

    expect(answer).toMatchObject({ status: 200, body: { outcomes: [{ seq: 1000, outcome: 'applied' }] } })
    expect(lastSeq).toBe(1000)
  })

  test('may still come with them: each number is good for one mutation (D15)', async () => {
    const { other } = await skipping(1)
    const [late, other_late] = [await checkIn(other, 7), await checkIn(other, 7)]

    const { body } = await other.send(late)
    const { body: second } = await other.send(other_late)

    expect(body).toMatchObject({ outcomes: [{ seq: 7, outcome: 'applied' }], last_seq: 1000 })
    expect(second.outcomes).toMatchObject([{ seq: 7, outcome: 'refused', error: { code: 'sequence_gap' } }])
  })

  test.each([0, 2, 999])('is not believed where the server does not stand at number %d', async (follows) => {
    const { answer, lastSeq } = await skipping(follows)

    expect(answer).toMatchObject({ status: 409, body: { code: 'sequence_gap', details: { expected: 2 } } })
    expect(lastSeq).toBe(1)
  })
})
