import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rowIdsOf } from '../../src-shared/ids.ts'
import { inRole } from '../../sync-server/db/postgres.ts'
import { academy } from '../support/academy.ts'
import { enrollDesk, type TestDesk } from '../support/desk.ts'
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

/** Deterministic, so that a failure repeats. */
const randomFrom = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state % below
  }
}

const pay = (desk: TestDesk, amount: number, invoice: 0 | 1) =>
  desk.command('payment.take', {
    family_id: server.counter.family.id,
    method_id: server.counter.cash.id,
    amount,
    tendered: amount + 55,
    reference: null,
    allocations: [{ invoice_id: server.counter.invoices[invoice].id, amount, already_paid: 0 }],
  })

/** A till's day with a bad line: payments, and now and then a mistaken one that is voided. Answers what was taken. */
const workTheTill = async (desk: TestDesk, line: ReturnType<typeof cuttable>, seed: number) => {
  const random = randomFrom(seed)
  let taken = 0
  let voided = 0
  for (let n = 0; n < 25; n += 1) {
    line.cut(random(3) === 0)
    const amount = 1 + random(5000)
    const { mutation_id } = await pay(desk, amount, random(2) === 0 ? 0 : 1)
    taken += amount
    if (random(5) > 0) continue
    await desk.command('payment.void', { payment_id: rowIdsOf(mutation_id)(), reason: 'Wrong family' })
    voided += amount
  }
  line.cut(false)
  return { taken, voided }
}

describe('money is exact (promise 8, B3)', () => {
  test('after a day of two tills with bad lines: every cent, every number, on the server and on both desks', async () => {
    const lines = [cuttable(), cuttable()] as const
    const [one, two] = [await enrollDesk(server, lines[0]), await enrollDesk(server, lines[1])]
    desks = [one, two]

    const days = await Promise.all([workTheTill(one, lines[0], 11), workTheTill(two, lines[1], 12)])
    for (const desk of desks) await until(async () => (await desk.data.status()).waiting === 0)
    await until(() => desks.every((desk) => desk.rows('payments').length === 50))

    const [truth] = await server.sql(
      `select sum(amount)::int as taken, count(*)::int as payments,
        (select sum(amount)::int from payments p join payment_voids v on v.payment_id = p.id) as voided,
        (select max(spent)::int from (
          select sum(a.amount) - (select sum(total) from invoice_lines l where l.invoice_id = a.invoice_id) as spent
          from payment_allocations a left join payment_voids v on v.payment_id = a.payment_id
          where v.id is null group by a.invoice_id) s) as overspent
        from payments`,
    )
    expect(truth).toMatchObject({
      payments: 50,
      taken: days[0].taken + days[1].taken,
      voided: days[0].voided + days[1].voided,
    })
    expect(Number(truth?.['overspent'])).toBeLessThanOrEqual(0)
    const numbers = await server.sql(
      'select till_id, count(*)::int as receipts, min(number) as first, max(number) as last from receipts group by till_id',
    )
    expect(numbers.map(({ receipts, first, last }) => ({ receipts, first, last }))).toEqual([
      { receipts: 25, first: 1, last: 25 },
      { receipts: 25, first: 1, last: 25 },
    ])
    for (const table of ['payments', 'payment_allocations', 'payment_voids', 'receipts']) {
      expect(one.rows(table)).toEqual(two.rows(table))
    }
  })

  test.each(['payments', 'payment_allocations', 'payment_voids', 'receipts'])(
    'the server’s own role cannot change or delete %s',
    async (table) => {
      const desk = await enrollDesk(server)
      desks = [desk]
      await pay(desk, 100, 0)
      await until(async () => (await desk.data.status()).waiting === 0)

      const as = {
        role: 'foyer_app',
        facilityId: academy.facility_id,
        organizationId: academy.organization_id,
      } as const
      for (const statement of [`update ${table} set id = id`, `delete from ${table}`]) {
        const attempt = inRole(server.postgres.db, as, async (tx) => sql.raw(statement).execute(tx))
        await expect(attempt).rejects.toMatchObject({ code: '42501' })
      }
    },
  )
})
