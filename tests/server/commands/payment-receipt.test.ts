import { describe, expect, test } from 'vitest'
import { takePayment } from '../../../src-shared/commands/take-payment.ts'
import { type ReceiptContent, receiptContent } from '../../../src-shared/rules/receipt.ts'
import * as build from '../../support/academy.ts'
import { clickedAt, databases, newMutationId, rowId, useDatabase } from '../../support/both-databases.ts'
import { counterRows } from '../../support/counter-rows.ts'
import { allocationOf, paymentOf } from '../../support/payment-args.ts'

const counter = counterRows()
const { family, cash } = counter
const [older, newer] = counter.invoices
const mixed = build.invoice({ family_id: family.id, number: 'INV-0003' })
const lineOf = (n: number, over: Parameters<typeof build.invoiceLine>[0] | object) =>
  build.invoiceLine({
    id: `00000000-0000-4000-8000-00000000000${n}`,
    family_id: family.id,
    invoice_id: mixed.id,
    ...over,
  })
const rows = {
  ...counter.rows,
  invoices: [...counter.invoices, mixed],
  invoice_lines: [
    ...counter.rows.invoice_lines,
    lineOf(1, { description: 'Football', total: 1000, tax_amount: 91 }),
    lineOf(2, { description: 'Shirt', total: 500, tax_name: null, tax_amount: 0 }),
    lineOf(3, { description: 'Coaching', total: 100, tax_name: 'GST 12.5%', tax_amount: 11 }),
  ],
}
const pay = paymentOf(counter)
const dolphins = 'Dolphins 2, term 4'

describe.each(databases)('the receipt of a payment on %s', (_name, open) => {
  const on = useDatabase(open, rows)

  /** What is printed for a payment. */
  const printed = async (
    args: ReturnType<typeof pay>,
    over: { readonly seriesNumber?: number } = {},
  ): Promise<ReceiptContent> => {
    const mutationId = newMutationId()
    await on.db.run(takePayment, args, { mutationId, ...over })
    const receipt = (await on.db.rows('receipts')).find(({ id }) => id === rowId(mutationId, 2))
    return receiptContent.parse(JSON.parse(receipt?.content ?? ''))
  }

  test('says who sold, who bought, what was paid, the tax in it, and the change', async () => {
    const args = pay(8400, [allocationOf(older, 6400), allocationOf(newer, 2000)], { tendered: 10_000 })

    expect(await printed(args, { seriesNumber: 7 })).toEqual({
      label: 'WER2-000007',
      issued_at: clickedAt,
      time_zone: 'Australia/Melbourne',
      locale: 'en-AU',
      currency: 'AUD',
      seller: {
        name: 'Bayside Academy Pty Ltd',
        facility: 'Werribee',
        address: '12 Watton Street, Werribee VIC 3030',
        phone: '03 9741 0000',
        registration_label: 'ABN',
        registration_number: '51 824 753 556',
      },
      buyer: 'Berg',
      lines: [
        { description: dolphins, invoice: 'INV-0001', total: 6400, paid: 6400 },
        { description: dolphins, invoice: 'INV-0002', total: 2000, paid: 2000 },
      ],
      taxes: [{ name: 'GST 10%', amount: 764 }],
      total: 8400,
      method: 'Cash',
      reference: null,
      tendered: 10_000,
      change: 1600,
      served_by: 'Sam Lee',
    } satisfies ReceiptContent)
  })

  test('keeps tax of each rate apart, and none for a line without tax', async () => {
    const content = await printed(pay(1600, [allocationOf(mixed, 1600)]))

    expect(content.lines.map(({ description, paid }) => [description, paid])).toEqual([
      ['Football', 1000],
      ['Shirt', 500],
      ['Coaching', 100],
    ])
    expect(content.taxes).toEqual([
      { name: 'GST 10%', amount: 91 },
      { name: 'GST 12.5%', amount: 11 },
    ])
  })

  test('of a part payment covers the lines from the first on', async () => {
    const first = await printed(pay(1200, [allocationOf(mixed, 1200)]))
    const second = await printed(pay(400, [allocationOf(mixed, 400, 1200)]))

    expect(first.lines.map(({ description, total, paid }) => [description, total, paid])).toEqual([
      ['Football', 1000, 1000],
      ['Shirt', 500, 200],
    ])
    expect(second.lines.map(({ description, total, paid }) => [description, total, paid])).toEqual([
      ['Shirt', 500, 300],
      ['Coaching', 100, 100],
    ])
  })

  test.each([[[2133, 2133, 2134]], [[1, 1, 6398]], [[5, 5, 6390]], [[3200, 3200]], [[6400]]])(
    'and of all other parts %j together shows the tax of the line to the cent',
    async (parts) => {
      let already_paid = 0
      let tax = 0
      for (const part of parts) {
        const { taxes } = await printed(pay(part, [allocationOf(older, part, already_paid)]))
        tax += taxes.reduce((sum, { amount }) => sum + amount, 0)
        already_paid += part
      }

      expect(tax).toBe(582)
    },
  )

  test('rounds the tax of a part half up', async () => {
    // 1000 holds 91 of tax: 5 of it hold 0.455, and 6 hold 0.546.
    expect((await printed(pay(5, [allocationOf(mixed, 5)]))).taxes).toEqual([{ name: 'GST 10%', amount: 0 }])
    expect((await printed(pay(6, [allocationOf(mixed, 6)]))).taxes).toEqual([{ name: 'GST 10%', amount: 1 }])
  })

  test('shows what is more than due as credit on account, without tax', async () => {
    const content = await printed(pay(3000, [allocationOf(newer, 2000)]))

    expect(content.lines).toEqual([
      { description: dolphins, invoice: 'INV-0002', total: 2000, paid: 2000 },
      { description: 'Credit on account', invoice: null, total: 1000, paid: 1000 },
    ])
    expect(content.taxes).toEqual([{ name: 'GST 10%', amount: 182 }])
  })

  test('follows what the counter saw, also when the invoice was paid meanwhile', async () => {
    await on.db.run(takePayment, pay(6400, [allocationOf(older, 6400)]))

    const content = await printed(pay(6400, [allocationOf(older, 6400)]))

    expect(content.lines).toEqual([{ description: dolphins, invoice: 'INV-0001', total: 6400, paid: 6400 }])
  })

  test('also when the invoice was voided meanwhile: the tax is on the paper', async () => {
    const voided = build.invoice({ family_id: family.id, number: 'INV-0005', status: 'void' })
    await on.db.seed({ invoices: [voided], invoice_lines: [lineOf(6, { invoice_id: voided.id })] })

    const content = await printed(pay(6400, [allocationOf(voided, 6400)]))

    expect(content.lines).toEqual([{ description: dolphins, invoice: 'INV-0005', total: 6400, paid: 6400 }])
    expect(content.taxes).toEqual([{ name: 'GST 10%', amount: 582 }])
    expect(await on.db.rows('payment_allocations')).toEqual([])
  })

  test('shows the reference, and no change where nothing was handed over', async () => {
    const slip = { ...cash, id: build.newId(), name: 'Card', kind: 'card_terminal', reference_label: 'Slip' } as const
    await on.db.seed({ payment_methods: [slip] })

    const content = await printed(pay(2000, [], { method_id: slip.id, tendered: null, reference: '004711' }))

    expect(content).toMatchObject({ method: 'Card', reference: '004711', tendered: null, change: null })
  })

  test('passes over a discount: its part of the other lines is not paid', async () => {
    const reduced = build.invoice({ family_id: family.id, number: 'INV-0004' })
    const discount = { invoice_id: reduced.id, description: 'Sibling discount', total: -640, tax_amount: -58 }
    await on.db.seed({
      invoices: [reduced],
      invoice_lines: [lineOf(4, { invoice_id: reduced.id }), lineOf(5, discount)],
    })

    const merged = await on.db.run(takePayment, pay(5760, [allocationOf(reduced, 5760)]))
    const content = await printed(pay(5760, [allocationOf(reduced, 5760)]))

    expect(merged).toBeUndefined()
    expect(content.lines).toEqual([{ description: dolphins, invoice: 'INV-0004', total: 6400, paid: 5760 }])
    expect(content.taxes).toEqual([{ name: 'GST 10%', amount: 524 }])
  })
})

describe.each(databases)('the receipt of a payment in a currency without cents on %s', (_name, open) => {
  const [facility] = counter.rows.facilities
  const yen = { ...facility, currency: 'JPY', locale: 'ja-JP' } as NonNullable<typeof facility>
  const invoices = counter.invoices.map((invoice) => ({ ...invoice, currency: 'JPY' }))
  const on = useDatabase(open, { ...counter.rows, facilities: [yen], invoices })

  test('holds whole yen', async () => {
    await on.db.run(takePayment, pay(6400, [allocationOf(older, 6400)], { tendered: 10_000 }))

    const [receipt] = await on.db.rows('receipts')
    expect(receiptContent.parse(JSON.parse(receipt?.content ?? ''))).toMatchObject({
      currency: 'JPY',
      total: 6400,
      change: 3600,
      taxes: [{ name: 'GST 10%', amount: 582 }],
    })
    expect(await on.db.rows('payments')).toMatchObject([{ currency: 'JPY', amount: 6400 }])
  })
})
