import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { enrollDesk, type TestDesk } from '../support/desk.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let desk: TestDesk

beforeEach(async () => {
  server = await startSyncServer()
  desk = await enrollDesk(server)
})
afterEach(async () => {
  await desk.remove()
  await server.close()
})

const writers = 6
const transactionsEach = 40

/**
 * One payment over three tables, in one transaction, with other statements between: the sum of its allocations is its
 * amount, and every fifth is rolled back.
 */
const writePayment = async (client: Client, n: number): Promise<void> => {
  const { family, cash, invoices, staff } = server.counter
  const id = randomUUID()
  const parts = [n + 1, 2 * n + 3]
  await client.query('begin')
  await client.query(
    `insert into payments (id, family_id, facility_id, till_id, method_id, currency, amount, at, staff_id, device_id)
      select $1, $2, t.facility_id, t.id, $3, 'AUD', $4, now(), $5, t.device_id from tills t limit 1`,
    [id, family.id, cash.id, 3 * n + 4, staff.id],
  )
  for (const [index, amount] of parts.entries()) {
    await client.query(
      'insert into payment_allocations (id, family_id, payment_id, invoice_id, amount) values ($1, $2, $3, $4, $5)',
      [randomUUID(), family.id, id, invoices[index]?.id, amount],
    )
  }
  await client.query(n % 5 === 0 ? 'rollback' : 'commit')
}

/** Payments that the window would see without all of their allocations: none, at any moment. */
const torn = (): unknown =>
  desk.data
    .signedIn()
    .store.replica.readDb.prepare(
      `select count(*) from payments where amount <>
        (select coalesce(sum(amount), 0) from payment_allocations where payment_id = payments.id)`,
    )
    .pluck()
    .get()

test('a replica never shows half of a server transaction, whoever writes meanwhile (promise 6, N10)', async () => {
  const sightings = new Map<unknown, number>()
  const watching = setInterval(() => {
    const seen = torn()
    sightings.set(seen, (sightings.get(seen) ?? 0) + 1)
  })

  await Promise.all(
    Array.from({ length: writers }, async () => {
      const client = new Client(server.adminUrl)
      await client.connect()
      for (let n = 0; n < transactionsEach; n += 1) await writePayment(client, n)
      await client.end()
    }),
  )
  const committed = writers * (transactionsEach - transactionsEach / 5)
  await until(() => desk.rows('payments').length === committed)
  clearInterval(watching)

  expect([...sightings.keys()]).toEqual([0])
  expect(sightings.get(0)).toBeGreaterThan(50)
  expect(desk.pushes.filter(({ push }) => push === 'tables-changed').length).toBeGreaterThan(5)
})
