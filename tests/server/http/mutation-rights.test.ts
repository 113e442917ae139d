import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { academy, newId } from '../../support/academy.ts'
import { mutationProbes } from '../../support/mutation-probes.ts'
import { startSyncServer, type TestServer } from '../../support/sync-server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startSyncServer()
})
afterAll(async () => server.close())

const { newChild, checkIn, pay, countOf } = mutationProbes(() => server)

describe('leases and roles', () => {
  test('after the lease a child is still checked in, but money is not touched', async () => {
    const other = await server.enroll()
    const { lease_id } = await other.signIn()
    await server.sql(`update leases set not_after = now() - interval '1 day' where id = $1`, [lease_id])
    const batch = [await checkIn(other), await other.mutation('payment.void', { payment_id: newId(), reason: 'x' })]

    const { body } = await other.send(...batch)

    expect(body.outcomes[0]?.outcome).toBe('applied')
    expect(body.outcomes[1]).toMatchObject({ outcome: 'refused', error: { code: 'forbidden' } })
  })

  test('a clock that is years ahead does not end a lease (T1)', async () => {
    const other = await server.enroll()
    const at = new Date(Date.now() + 3 * 365 * 86_400_000).toISOString()
    const payment = { ...(await pay(other)), at }

    const { body } = await other.send(payment)

    expect(body.outcomes[0]?.outcome).toBe('applied')
  })

  test('the lease that the same person has at another desk does not hold here', async () => {
    const [mine, other] = [await server.enroll(), await server.enroll()]
    const { lease_id } = await other.signIn()

    const { body } = await mine.send(await checkIn(mine, { lease_id }))

    expect(body.outcomes[0]).toMatchObject({ outcome: 'refused', error: { code: 'lease_invalid' } })
  })

  test('work done while the role was taken away is refused with the reason, but money is kept (B9)', async () => {
    const other = await server.enroll()
    const batch = [await checkIn(other), await pay(other)]
    await server.sql('update role_assignments set ended_at = now() where staff_id = $1', [academy.staff_id])

    const { body } = await other.send(...batch)
    await server.sql('update role_assignments set ended_at = null where staff_id = $1', [academy.staff_id])

    expect(body.outcomes[0]).toMatchObject({ outcome: 'refused', error: { code: 'forbidden' } })
    expect(body.outcomes[1]).toMatchObject({ outcome: 'merged', error: { code: 'left_as_credit' } })
    expect(await countOf('payments', batch[1]?.id ?? '')).toBe(1)
  })

  test('a clock far ahead does not order anything ahead: the hybrid clock is clamped (T1)', async () => {
    const other = await server.enroll()
    const entries = [{ student_id: await newChild(), session_id: server.counter.session.id }]
    const mutation = await other.mutation('check_in.record', { entries }, { hlc: 'ffffffffffff-0000-00000001' })

    await other.send(mutation)

    const [row] = await server.sql<{ hlc: string }>('select hlc from check_ins where id::text like $1', [
      `${mutation.id.slice(0, -3)}%`,
    ])
    const ms = Number.parseInt(row?.hlc.slice(0, 12) ?? '', 16)
    expect(ms).toBeLessThanOrEqual(Date.now() + 60_000)
  })
})

describe('money that changed hands', () => {
  test('is never refused for a receipt number that exists: the payment stands as credit', async () => {
    const other = await server.enroll()
    const [first, second] = [await pay(other), await pay(other)]
    const copied = { ...second, series_number: first.series_number }

    const { body } = await other.send(first, copied)
    const again = await other.send(copied)

    expect(body.outcomes[1]).toMatchObject({
      outcome: 'merged',
      error: { code: 'left_as_credit', details: { reason: 'receipt_number_taken' } },
    })
    expect(again.body.outcomes[0]).toEqual(body.outcomes[1])
    expect(await countOf('payments', copied.id)).toBe(1)
    expect(await countOf('receipts', copied.id)).toBe(0)
  })

  test('that cannot be kept says which receipt was handed out for it', async () => {
    const other = await server.enroll()
    const refused = await pay(other, { family_id: newId() }, { series_number: 124 })

    const { body } = await other.send(refused)
    const again = await other.send(refused)

    const [till] = await server.sql<{ code: string }>('select code from tills where device_id = $1', [
      other.enrolled.device_id,
    ])
    expect(body.outcomes[0]).toMatchObject({
      outcome: 'refused',
      error: { code: 'not_found', details: { receipt: `${till?.code}-000124` } },
    })
    expect(again.body.outcomes).toEqual(body.outcomes)
  })

  test('is kept when it cannot be a whole payment, for example without its receipt number', async () => {
    const other = await server.enroll()
    const mutation = await pay(other, {}, { series_number: null })

    const { body } = await other.send(mutation)

    expect(body.outcomes[0]?.outcome).toBe('merged')
    expect(await countOf('payments', mutation.id)).toBe(1)
  })

  test('is refused when not even its arguments can be read', async () => {
    const other = await server.enroll()
    const mutation = await pay(other, { amount: 1.5 })

    const { body } = await other.send(mutation)

    expect(body.outcomes[0]).toMatchObject({ outcome: 'refused', error: { code: 'invalid_input' } })
  })

  test('two payments of one invoice from two desks are both kept, the second as credit (B1)', async () => {
    const desks = [await server.enroll(), await server.enroll()]
    const [, invoice] = server.counter.invoices
    const args = { amount: 2000, allocations: [{ invoice_id: invoice?.id, amount: 2000, already_paid: 0 }] }
    const payments = await Promise.all(desks.map(async (desk) => pay(desk, args)))

    const answers = await Promise.all(desks.map(async (desk, index) => desk.send(payments[index])))

    expect(new Set(answers.map(({ body }) => body.outcomes[0]?.outcome))).toEqual(new Set(['applied', 'merged']))
    const [sum] = await server.sql<{ paid: number }>(
      'select sum(amount)::int as paid from payment_allocations where invoice_id = $1',
      [invoice?.id],
    )
    expect(sum?.paid).toBe(2000)
  })
})
