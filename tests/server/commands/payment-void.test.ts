import { describe, expect, test } from 'vitest'
import { takePayment } from '../../../src-shared/commands/take-payment.ts'
import { voidPayment } from '../../../src-shared/commands/void-payment.ts'
import { invoicesOf } from '../../../src-shared/rules/invoices.ts'
import * as build from '../../support/academy.ts'
import {
  clickedAt,
  databases,
  newMutationId,
  permissionsWithout,
  rowId,
  useDatabase,
} from '../../support/both-databases.ts'
import { counterRows } from '../../support/counter-rows.ts'
import { allocationOf, paymentOf } from '../../support/payment-args.ts'

const counter = counterRows()
const { family, cash } = counter
const [older] = counter.invoices
const { staff_id, device_id } = build.academy
const pay = paymentOf(counter)

describe.each(databases)('payment.void on %s', (_name, open) => {
  const on = useDatabase(open, counter.rows)

  /** Takes a payment of the older invoice; its id. */
  const paidOlder = async (amount = 6400): Promise<string> => {
    const mutationId = newMutationId()
    await on.db.run(takePayment, pay(amount, [allocationOf(older, amount)]), { mutationId })
    return rowId(mutationId, 1)
  }

  const outstanding = async (): Promise<number | undefined> => {
    const invoices = await on.db.transact((tx) => invoicesOf(tx, family.id, 'AUD'))
    return invoices.find(({ invoice_id }) => invoice_id === older.id)?.outstanding
  }

  test('adds who took it back, when and why; payment, allocations and receipt stay', async () => {
    const payment_id = await paidOlder()
    const before = await on.db.everything()
    const mutationId = newMutationId()

    await on.db.run(voidPayment, { payment_id, reason: 'Wrong family' }, { mutationId })

    expect(await on.db.everything()).toEqual({
      ...before,
      payment_voids: [
        {
          id: rowId(mutationId, 1),
          family_id: family.id,
          payment_id,
          reason: 'Wrong family',
          at: clickedAt,
          staff_id,
          device_id,
        },
      ],
    })
  })

  test('reopens what the payment had paid, and nothing else', async () => {
    const first = await paidOlder(5000)
    await paidOlder(1000)
    expect(await outstanding()).toBe(400)

    await on.db.run(voidPayment, { payment_id: first, reason: 'Wrong amount' })

    expect(await outstanding()).toBe(5400)
  })

  test('refuses a payment that was voided before', async () => {
    const payment_id = await paidOlder()
    await on.db.run(voidPayment, { payment_id, reason: 'Wrong family' })

    const run = on.db.run(voidPayment, { payment_id, reason: 'Once more' })

    await expect(run).rejects.toMatchObject({ code: 'already_voided' })
    expect(await on.db.rows('payment_voids')).toMatchObject([{ reason: 'Wrong family' }])
  })

  test('refuses a payment that is not there', async () => {
    const run = on.db.run(voidPayment, { payment_id: build.newId(), reason: 'Wrong family' })

    await expect(run).rejects.toMatchObject({ code: 'not_found' })
  })

  test('refuses a payment that another facility took, though the family is seen at both', async () => {
    const elsewhere = build.facility({ id: build.newId(), code: 'GEE' })
    const { id: facility_id } = elsewhere
    const device = build.device({ id: build.newId(), facility_id })
    const till = { id: build.newId(), facility_id, device_id: device.id, code: 'GEE1' }
    const payment = {
      id: build.newId(),
      family_id: family.id,
      facility_id,
      till_id: till.id,
      method_id: cash.id,
      currency: 'AUD',
      amount: 6400,
      tendered: null,
      reference: null,
      at: clickedAt,
      staff_id,
      device_id: device.id,
    }
    await on.db.seed({ facilities: [elsewhere], devices: [device], tills: [till], payments: [payment] })

    const run = on.db.run(voidPayment, { payment_id: payment.id, reason: 'Wrong family' })

    await expect(run).rejects.toMatchObject({ code: 'forbidden' })
    expect(await on.db.rows('payments')).toHaveLength(1)
    expect(await on.db.rows('payment_voids')).toEqual([])
  })

  test('refuses to be done without a reason', async () => {
    const run = on.db.run(voidPayment, { payment_id: await paidOlder(), reason: '' })

    await expect(run).rejects.toMatchObject({ code: 'invalid_input', details: { path: 'reason' } })
  })

  test('refuses whose role does not void', async () => {
    const payment_id = await paidOlder()
    const permissions = permissionsWithout('payments.void')

    const run = on.db.run(voidPayment, { payment_id, reason: 'Wrong family' }, { permissions })

    await expect(run).rejects.toMatchObject({ code: 'forbidden' })
  })
})
