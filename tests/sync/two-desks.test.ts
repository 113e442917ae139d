import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Inbox } from '../../src-shared/queries/inbox.ts'
import { syncedTables } from '../../src-shared/schema/tables.ts'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { cuttable } from '../support/lines.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let desks: TestDesk[] = []

beforeEach(async () => {
  server = await startSyncServer()
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

const checkIn = (desk: TestDesk, child: 0 | 1 | 2) =>
  desk.command('check_in.record', {
    entries: [{ student_id: server.counter.children[child].id, session_id: server.counter.session.id }],
  })

const pay = (desk: TestDesk, amount = 6400) =>
  desk.command('payment.take', {
    family_id: server.counter.family.id,
    method_id: server.counter.cash.id,
    amount,
    tendered: amount,
    reference: null,
    allocations: [{ invoice_id: server.counter.invoices[0].id, amount, already_paid: 0 }],
  })

const drained = async (desk: TestDesk) => until(async () => (await desk.data.status()).waiting === 0)

const everyTable = Object.keys(syncedTables)

/** Every row that a desk shows, by table. */
const shown = (desk: TestDesk) => Object.fromEntries(everyTable.map((table) => [table, desk.rows(table)]))

/** The ids of every row that PostgreSQL has, by table. */
const idsOnServer = async () => {
  const pairs = everyTable.map(
    async (table) => [table, await server.sql(`select id from ${table} order by id`)] as const,
  )
  return Object.fromEntries(await Promise.all(pairs))
}

describe('two desks of one facility', () => {
  test('see each other and end with the same rows (promise 5)', async () => {
    const one = await newDesk()
    const two = await newDesk()

    await checkIn(one, 0)
    await checkIn(two, 1)
    await pay(one)
    await Promise.all([drained(one), drained(two)])
    await until(() => one.rows('check_ins').length === 2 && two.rows('receipts').length === 1)

    expect(shown(one)).toEqual(shown(two))
    const ids = Object.fromEntries(everyTable.map((table) => [table, one.rows(table).map(({ id }) => ({ id }))]))
    expect(ids).toEqual(await idsOnServer())
    expect([one.faults, two.faults]).toEqual([[], []])
  })

  test('both take money for one invoice offline: both payments stand, the second as credit (B1)', async () => {
    const lines = [cuttable(), cuttable()] as const
    const one = await newDesk(lines[0])
    const two = await newDesk(lines[1])
    for (const line of lines) line.cut(true)

    await pay(one)
    await pay(two)
    for (const line of lines) line.cut(false)
    await Promise.all([drained(one), drained(two)])
    await until(() => one.rows('payments').length === 2 && two.rows('payments').length === 2)

    expect(one.rows('payment_allocations')).toHaveLength(1)
    expect(new Set(one.rows('receipts').map((row) => row['label']))).toEqual(new Set(['WER1-000001', 'WER2-000001']))
    for (const desk of [one, two]) {
      const { open } = await desk.query<Inbox>('inbox.list', {})
      expect(open.map(({ outcome, error }) => [outcome, error.code])).toEqual([['merged', 'left_as_credit']])
    }
  })
})

describe('without the server', () => {
  test('local work goes on, and drains by itself when the line is back (promise 2, N6)', async () => {
    const line = cuttable()
    const desk = await newDesk(line)
    line.cut(true)

    await checkIn(desk, 0)
    await checkIn(desk, 1)
    await pay(desk)
    expect(await desk.data.status()).toMatchObject({ waiting: 3 })
    line.cut(false)
    await drained(desk)

    const [counts] = await server.sql(
      'select (select count(*)::int from check_ins) as check_ins, (select count(*)::int from payments) as payments',
    )
    expect(counts).toEqual({ check_ins: 2, payments: 1 })
  })

  test('a desk that starts again unlocks with the password and has everything', async () => {
    const line = cuttable()
    const desk = await newDesk(line)
    line.cut(true)
    await checkIn(desk, 0)
    await desk.stop()

    const again = openDesk({ folder: desk.folder, fetch: line.fetch })
    desks = [again]
    await again.signIn()

    expect(again.rows('check_ins')).toHaveLength(1)
    expect(await again.data.status()).toMatchObject({ waiting: 1, online: false })
  })

  test('two windows that sign in at once open the databases once', async () => {
    const desk = await newDesk()
    await checkIn(desk, 0)
    await desk.stop()
    const again = openDesk({ folder: desk.folder })
    desks = [again]

    const window = async () => {
      await again.signIn()
      return again.data.signedIn().store
    }
    const [one, other] = await Promise.all([window(), window()])
    await checkIn(again, 1)

    expect(one).toBe(other)
    expect(again.rows('check_ins')).toHaveLength(2)
    expect(again.faults).toEqual([])
  })

  test('a wrong password is refused, and too many are made to wait', async () => {
    const line = cuttable()
    const desk = await newDesk(line)
    line.cut(true)
    await desk.call('session.sign_out')

    const tries = []
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const reply = await desk.invoke('session.sign_in', { sign_in_name: 'sam.lee', password: `wrong ${attempt}` })
      tries.push(reply.ok ? 'ok' : reply.error.code)
    }

    expect(tries).toEqual([...Array<string>(5).fill('wrong_password'), 'too_many_attempts'])
  })
})

describe('an answer that gets lost (promise 3)', () => {
  test('has no second effect, though every request is sent twice and the first answer dropped (N1, N2)', async () => {
    const doubled: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (!String(input instanceof Request ? input.url : input).includes('/v1/mutations')) return response
      await response.arrayBuffer()
      return fetch(input, init)
    }
    const desk = await newDesk({ fetch: doubled })

    await checkIn(desk, 0)
    await pay(desk)
    await drained(desk)

    const [counts] = await server.sql(
      `select (select count(*)::int from check_ins) as check_ins, (select count(*)::int from payments) as payments,
        (select count(*)::int from receipts) as receipts, (select count(*)::int from mutations) as mutations`,
    )
    expect(counts).toEqual({ check_ins: 1, payments: 1, receipts: 1, mutations: 2 })
  })

  test('is acknowledged by the log alone', async () => {
    const mute: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (!String(input instanceof Request ? input.url : input).includes('/v1/mutations')) return response
      await response.arrayBuffer()
      throw new TypeError('cut')
    }
    const desk = await newDesk({ fetch: mute })

    await checkIn(desk, 0)
    await drained(desk)

    expect(desk.rows('device_progress').map((row) => row['last_seq'])).toContain(1)
    expect(desk.rows('check_ins')).toHaveLength(1)
  })
})

describe('a log that comes later than the answer (N9)', () => {
  test('takes nothing away that was done here, not for a moment', async () => {
    const slow: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (String(input instanceof Request ? input.url : input).includes('/v1/shape')) await delay(400)
      return response
    }
    const desk = await newDesk({ fetch: slow })

    await checkIn(desk, 0)
    const seen: number[] = []
    await until(async () => {
      seen.push(desk.rows('check_ins').length)
      return (await desk.data.status()).waiting === 0
    })

    expect(seen.length).toBeGreaterThan(3)
    expect(new Set(seen)).toEqual(new Set([1]))
  })
})

describe('what the server refuses (promise 4)', () => {
  test('does not hold up what follows', async () => {
    const line = cuttable()
    const desk = await newDesk(line)
    line.cut(true)
    await checkIn(desk, 0)
    await pay(desk)
    await server.sql("update sessions set status = 'cancelled'")
    line.cut(false)
    await drained(desk)

    expect(await server.sql('select outcome from mutations order by device_seq')).toEqual([
      { outcome: 'refused' },
      { outcome: 'applied' },
    ])
  })
})
