import { describe, expect, test } from 'vitest'
import { takePayment } from '../../../src-shared/commands/take-payment.ts'
import { voidPayment } from '../../../src-shared/commands/void-payment.ts'
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
const { family, cash, till } = counter
const [older, newer] = counter.invoices
const card = { ...cash, id: build.newId(), name: 'Card', kind: 'card_terminal' as const, hotkey: 'D' }
const slip = { ...card, id: build.newId(), name: 'Slip', hotkey: 'S', reference_label: 'Slip number' }
const { facility_id, staff_id, device_id } = build.academy
const pay = paymentOf(counter)

describe.each(databases)('payment.take on %s', (_name, open) => {
  const on = useDatabase(open, { ...counter.rows, payment_methods: [cash, card, slip] })

  test('keeps the payment, what it pays, and the receipt under ids made from the mutation', async () => {
    const mutationId = newMutationId()
    const args = pay(7000, [allocationOf(older, 6400), allocationOf(newer, 600)], { tendered: 10_000 })

    const merged = await on.db.run(takePayment, args, { mutationId, seriesNumber: 124 })

    const [payment_id, receipt_id] = [rowId(mutationId, 1), rowId(mutationId, 2)]
    expect(merged).toBeUndefined()
    expect(await on.db.rows('payments')).toEqual([
      {
        id: payment_id,
        family_id: family.id,
        facility_id,
        till_id: till.id,
        method_id: cash.id,
        currency: 'AUD',
        amount: 7000,
        tendered: 10_000,
        reference: null,
        at: clickedAt,
        staff_id,
        device_id,
      },
    ])
    expect(await on.db.rows('payment_allocations')).toEqual([
      { id: rowId(mutationId, 3), family_id: family.id, payment_id, invoice_id: older.id, amount: 6400 },
      { id: rowId(mutationId, 4), family_id: family.id, payment_id, invoice_id: newer.id, amount: 600 },
    ])
    expect(await on.db.rows('receipts')).toMatchObject([
      {
        id: receipt_id,
        family_id: family.id,
        payment_id,
        till_id: till.id,
        number: 124,
        label: 'WER2-000124',
        issued_at: clickedAt,
      },
    ])
  })

  test('leaves what is more than due as credit without a remark', async () => {
    const merged = await on.db.run(takePayment, pay(9000, [allocationOf(older, 6400)]))

    expect(merged).toBeUndefined()
    expect(await on.db.rows('payment_allocations')).toMatchObject([{ invoice_id: older.id, amount: 6400 }])
  })

  test('without any invoice is credit', async () => {
    await on.db.run(takePayment, pay(5000, []))

    expect(await on.db.rows('payments')).toMatchObject([{ amount: 5000 }])
    expect(await on.db.rows('payment_allocations')).toEqual([])
  })

  test('for what was paid meanwhile is kept as credit, and says how much', async () => {
    await on.db.run(takePayment, pay(5000, [allocationOf(older, 5000)]))
    const second = newMutationId()

    const merged = await on.db.run(takePayment, pay(6400, [allocationOf(older, 6400)]), { mutationId: second })

    expect(merged).toMatchObject({
      code: 'left_as_credit',
      details: { credit: 5000, family_id: family.id, payment_id: rowId(second, 1) },
    })
    expect((await on.db.rows('payment_allocations')).map(({ amount }) => amount)).toEqual([5000, 1400])
    expect(await on.db.rows('receipts')).toHaveLength(2)
  })

  test('finds invoices by ids in capitals', async () => {
    const args = pay(6400, [{ ...allocationOf(older, 6400), invoice_id: older.id.toUpperCase() }])

    await on.db.run(takePayment, { ...args, family_id: family.id.toUpperCase() })

    expect(await on.db.rows('payment_allocations')).toMatchObject([{ invoice_id: older.id, amount: 6400 }])
  })

  test('pays again what a void has reopened', async () => {
    const first = newMutationId()
    await on.db.run(takePayment, pay(6400, [allocationOf(older, 6400)]), { mutationId: first })
    await on.db.run(voidPayment, { payment_id: rowId(first, 1), reason: 'Wrong family' })

    const merged = await on.db.run(takePayment, pay(6400, [allocationOf(older, 6400)]))

    expect(merged).toBeUndefined()
    expect(await on.db.rows('payment_allocations')).toHaveLength(2)
  })

  test.each(['draft', 'void'] as const)('pays nothing of an invoice that is %s', async (status) => {
    const invoice = build.invoice({ family_id: family.id, number: 'INV-0009', status })
    const line = build.invoiceLine({ family_id: family.id, invoice_id: invoice.id })
    await on.db.seed({ invoices: [invoice], invoice_lines: [line] })

    const merged = await on.db.run(takePayment, pay(6400, [allocationOf(invoice, 6400)]))

    expect(merged).toMatchObject({ code: 'left_as_credit', details: { credit: 6400 } })
    expect(await on.db.rows('payment_allocations')).toEqual([])
  })

  test('pays nothing of an invoice of another family', async () => {
    const friends = build.family()
    const invoice = build.invoice({ family_id: friends.id, number: 'INV-0009' })
    await on.db.seed({
      families: [friends],
      family_facilities: [{ id: build.newId(), family_id: friends.id, facility_id }],
      invoices: [invoice],
      invoice_lines: [build.invoiceLine({ family_id: friends.id, invoice_id: invoice.id })],
    })

    const merged = await on.db.run(takePayment, pay(6400, [allocationOf(invoice, 6400)]))

    expect(merged).toMatchObject({ code: 'left_as_credit', details: { credit: 6400 } })
    expect(await on.db.rows('payment_allocations')).toEqual([])
  })

  test('pays nothing of an invoice in another currency', async () => {
    const elsewhere = build.facility({ id: build.newId(), code: 'AKL', currency: 'NZD' })
    const invoice = build.invoice({
      family_id: family.id,
      facility_id: elsewhere.id,
      number: 'AKL-0001',
      currency: 'NZD',
    })
    await on.db.seed({
      facilities: [elsewhere],
      invoices: [invoice],
      invoice_lines: [build.invoiceLine({ family_id: family.id, invoice_id: invoice.id })],
    })

    const merged = await on.db.run(takePayment, pay(6400, [allocationOf(invoice, 6400)]))

    expect(merged).toMatchObject({ code: 'left_as_credit', details: { credit: 6400 } })
    expect(await on.db.rows('payment_allocations')).toEqual([])
  })

  test('pays the invoice of another facility of the family in the same currency', async () => {
    const elsewhere = build.facility({ id: build.newId(), code: 'GEE' })
    const invoice = build.invoice({ family_id: family.id, facility_id: elsewhere.id, number: 'GEE-0001' })
    await on.db.seed({
      facilities: [elsewhere],
      invoices: [invoice],
      invoice_lines: [build.invoiceLine({ family_id: family.id, invoice_id: invoice.id })],
    })

    await on.db.run(takePayment, pay(6400, [allocationOf(invoice, 6400)]))

    expect(await on.db.rows('payment_allocations')).toMatchObject([{ invoice_id: invoice.id, amount: 6400 }])
  })

  test('takes the exact cash, and cash of which nobody wrote down what was handed over', async () => {
    await on.db.run(takePayment, pay(2000, [], { tendered: 2000 }))
    await on.db.run(takePayment, pay(2000, [], { tendered: null }))

    expect((await on.db.rows('payments')).map(({ tendered }) => tendered)).toEqual([2000, null])
  })

  test('keeps the reference that the method wants', async () => {
    await on.db.run(takePayment, pay(2000, [], { method_id: slip.id, tendered: null, reference: '004711' }))

    expect(await on.db.rows('payments')).toMatchObject([{ method_id: slip.id, reference: '004711' }])
  })

  test('takes a way to pay that was archived after the money changed hands', async () => {
    const gone = { ...card, id: build.newId(), hotkey: 'G', archived_at: '2026-11-21T05:12:00.001Z' }
    await on.db.seed({ payment_methods: [gone] })

    await on.db.run(takePayment, pay(2000, [], { method_id: gone.id, tendered: null }))

    expect(await on.db.rows('payments')).toMatchObject([{ method_id: gone.id }])
  })
})

describe.each(databases)('payment.take on %s refuses', (_name, open) => {
  const archived = { ...card, id: build.newId(), hotkey: 'G', archived_at: clickedAt }
  const on = useDatabase(open, { ...counter.rows, payment_methods: [cash, card, slip, archived] })

  test.each([
    ['less cash than the amount', pay(6400, [], { tendered: 6399 }), 'tendered_too_little'],
    ['cash back from a card', pay(6400, [], { method_id: card.id, tendered: 10_000 }), 'invalid_input'],
    ['a slip without its number', pay(6400, [], { method_id: slip.id, tendered: null }), 'reference_missing'],
    ['a blank number', pay(6400, [], { method_id: slip.id, tendered: null, reference: ' ' }), 'reference_missing'],
    ['a way to pay that was archived', pay(6400, [], { method_id: archived.id, tendered: null }), 'not_found'],
    ['a way to pay that nobody knows', pay(6400, [], { method_id: build.newId() }), 'not_found'],
    ['a family that nobody knows', pay(6400, [], { family_id: build.newId() }), 'not_found'],
    ['nothing', pay(0, []), 'invalid_input'],
    ['half a cent', pay(0.5, []), 'invalid_input'],
    ['more than PostgreSQL can count', pay(2_147_483_648, []), 'invalid_input'],
    ['more allocated than paid', pay(6000, [allocationOf(older, 6001)]), 'invalid_input'],
    ['an invoice twice', pay(6400, [allocationOf(older, 1), allocationOf(older, 2)]), 'invalid_input'],
  ] as const)('%s', async (_what, args, code) => {
    const run = on.db.run(takePayment, args)

    await expect(run).rejects.toMatchObject({ code })
    expect(await on.db.rows('payments')).toEqual([])
    expect(await on.db.rows('receipts')).toEqual([])
  })

  test('a payment without a receipt number', async () => {
    const run = on.db.run(takePayment, pay(6400, []), { seriesNumber: null })

    await expect(run).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await on.db.rows('payments')).toEqual([])
  })

  test('a family that is linked to another facility only', async () => {
    const elsewhere = build.facility({ id: build.newId(), code: 'GEE' })
    const stranger = build.family()
    await on.db.seed({
      facilities: [elsewhere],
      families: [stranger],
      family_facilities: [{ id: build.newId(), family_id: stranger.id, facility_id: elsewhere.id }],
    })

    const run = on.db.run(takePayment, pay(6400, [], { family_id: stranger.id }))

    await expect(run).rejects.toMatchObject({ code: 'not_found', details: { family_id: stranger.id } })
  })

  test('whose role does not take payments', async () => {
    const run = on.db.run(takePayment, pay(6400, []), { permissions: permissionsWithout('payments.take') })

    await expect(run).rejects.toMatchObject({ code: 'forbidden' })
  })
})
