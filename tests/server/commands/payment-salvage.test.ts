import { describe, expect, test } from 'vitest'
import { takePayment } from '../../../src-shared/commands/take-payment.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import { receiptContent } from '../../../src-shared/rules/receipt.ts'
import * as build from '../../support/academy.ts'
import {
  databases,
  newMutationId,
  openPostgresCommands,
  permissionsWithout,
  rowId,
  useDatabase,
} from '../../support/both-databases.ts'
import { counterRows } from '../../support/counter-rows.ts'
import { allocationOf, paymentOf } from '../../support/payment-args.ts'

const counter = counterRows()
const { family } = counter
const [older] = counter.invoices
const args = paymentOf(counter)(7000, [allocationOf(older, 6400)], { tendered: 10_000 })

const refusalOf = async (run: Promise<unknown>): Promise<DomainError> => {
  const reason: unknown = await run.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(reason instanceof DomainError)) throw new Error('The command was not refused')
  return reason
}

describe.each(databases)('money that was taken and then refused, on %s', (_name, open) => {
  const on = useDatabase(open, counter.rows)

  test('is kept as credit, with the receipt that was handed out, and the reason', async () => {
    const mutationId = newMutationId()
    const permissions = permissionsWithout('payments.take')
    const over = { mutationId, seriesNumber: 12, permissions }
    const reason = await refusalOf(on.db.run(takePayment, args, over))

    const merged = await on.db.salvage(takePayment, args, reason, over)

    const payment_id = rowId(mutationId, 1)
    expect(merged).toMatchObject({
      code: 'left_as_credit',
      details: { credit: 7000, family_id: family.id, payment_id, reason: 'forbidden', receipt: 'WER2-000012' },
    })
    expect(await on.db.rows('payments')).toMatchObject([{ id: payment_id, amount: 7000, tendered: 10_000 }])
    expect(await on.db.rows('payment_allocations')).toEqual([])
    const [receipt] = await on.db.rows('receipts')
    expect(receipt).toMatchObject({ id: rowId(mutationId, 2), payment_id, number: 12, label: 'WER2-000012' })
    expect(receiptContent.parse(JSON.parse(receipt?.content ?? '')).lines).toEqual([
      { description: 'Dolphins 2, term 4', invoice: 'INV-0001', total: 6400, paid: 6400 },
      { description: 'Credit on account', invoice: null, total: 600, paid: 600 },
    ])
  })

  test('is the same receipt that the command would have made', async () => {
    const mutationId = newMutationId()
    await on.db.run(takePayment, args, { mutationId, seriesNumber: 12 })
    const accepted = await on.db.rows('receipts')
    await on.db.reset(counter.rows)

    await on.db.salvage(takePayment, args, new DomainError('lease_invalid', 'Unknown'), {
      mutationId,
      seriesNumber: 12,
    })

    expect(await on.db.rows('receipts')).toEqual(accepted)
  })

  test('by a way to pay that was archived is kept', async () => {
    const archived = { ...counter.cash, id: build.newId(), hotkey: 'X', archived_at: '2026-01-01T00:00:00.000Z' }
    await on.db.seed({ payment_methods: [archived] })
    const paid = { ...args, method_id: archived.id }
    const reason = await refusalOf(on.db.run(takePayment, paid))

    await on.db.salvage(takePayment, paid, reason)

    expect(await on.db.rows('payments')).toMatchObject([{ method_id: archived.id, amount: 7000 }])
    expect(await on.db.rows('receipts')).toHaveLength(1)
  })

  test('without a receipt number is kept without a receipt', async () => {
    const reason = await refusalOf(on.db.run(takePayment, args, { seriesNumber: null }))

    const merged = await on.db.salvage(takePayment, args, reason, { seriesNumber: null })

    expect(merged).toMatchObject({ details: { receipt: null } })
    expect(await on.db.rows('payments')).toHaveLength(1)
    expect(await on.db.rows('receipts')).toEqual([])
  })

  test('of a family that is not known here cannot be kept', async () => {
    const stranger = { ...args, family_id: build.newId() }
    const reason = await refusalOf(on.db.run(takePayment, stranger))

    await expect(on.db.salvage(takePayment, stranger, reason)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('a receipt number that exists already, on PostgreSQL', () => {
  const on = useDatabase(openPostgresCommands, counter.rows)

  test('refuses the payment', async () => {
    await on.db.run(takePayment, args, { seriesNumber: 5 })

    const run = on.db.run(takePayment, args, { seriesNumber: 5 })

    await expect(run).rejects.toMatchObject({ code: 'receipt_number_taken' })
    expect(await on.db.rows('payments')).toHaveLength(1)
  })

  test('is not kept twice: the money stays as credit without a receipt', async () => {
    await on.db.run(takePayment, args, { seriesNumber: 5 })
    const over = { mutationId: newMutationId(), seriesNumber: 5 }
    const reason = await refusalOf(on.db.run(takePayment, args, over))

    const merged = await on.db.salvage(takePayment, args, reason, over)

    expect(merged).toMatchObject({
      code: 'left_as_credit',
      details: { credit: 7000, reason: 'receipt_number_taken', receipt: 'WER2-000005' },
    })
    expect(await on.db.rows('payments')).toHaveLength(2)
    expect(await on.db.rows('receipts')).toHaveLength(1)
  })

  test('at another till is another number', async () => {
    const device = build.device({ id: build.newId(), name: 'Desk 2' })
    const { id: device_id, facility_id } = device
    const till = { id: build.newId(), facility_id, device_id, code: 'WER3' }
    await on.db.seed({ devices: [device], tills: [till] })
    await on.db.run(takePayment, args, { seriesNumber: 5 })

    await on.db.run(takePayment, args, { seriesNumber: 5, deviceId: device_id, till })

    expect((await on.db.rows('receipts')).map(({ label }) => label)).toEqual(['WER2-000005', 'WER3-000005'])
  })
})
