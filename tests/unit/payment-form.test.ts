import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PaymentsDue } from '../../src-shared/queries/payments.ts'
import { formOf, methodOfKey, quickTendered } from '../../src-renderer/features/payments/payment-form.ts'
import { emptyDraft, type PaymentDraft } from '../../src-renderer/features/payments/payment-draft.ts'

const cash = { id: 'cash', name: 'Cash', kind: 'cash', hotkey: 'C', reference_label: null } as const
const terminal = {
  id: 'card',
  name: 'Card terminal',
  kind: 'card_terminal',
  hotkey: 'T',
  reference_label: 'Slip number',
} as const

const dueOf = (...outstanding: readonly number[]): PaymentsDue => ({
  family_id: 'f',
  family_name: 'Berg',
  balance: { currency: 'AUD', amount: outstanding.reduce((a, b) => a + b, 0), oldest_due_on: null },
  invoices: outstanding.map((amount, place) => ({
    invoice_id: `i${place}`,
    number: `INV-${place}`,
    due_on: `2026-10-0${place + 1}`,
    total: amount,
    outstanding: amount,
    description: 'Term',
    more_lines: 0,
    days: 10,
  })),
  methods: [cash, terminal],
})

const form = (draft: Partial<PaymentDraft>, due = dueOf(6400)) => formOf(due, { ...emptyDraft, ...draft }, 'en-AU')

describe('a payment on the screen', () => {
  test('asks for what is due and for exactly that much cash', () => {
    const { amountText, amount, change, problem } = form({ methodId: 'cash' })

    expect({ amountText, amount, change, problem }).toEqual({
      amountText: '64.00',
      amount: 6400,
      change: 0,
      problem: undefined,
    })
  })

  test('pays the oldest invoice first and keeps the rest as credit', () => {
    const { invoices, credit } = form({ amount: '70' }, dueOf(4000, 2400))

    expect(invoices.map(({ pays }) => pays)).toEqual([4000, 2400])
    expect(credit).toBe(600)
  })

  test.each<[Partial<PaymentDraft>, string, string]>([
    [{ amount: '' }, 'amount', 'Type the amount that is paid.'],
    [{ amount: '6x' }, 'amount', 'This is not an amount. Type it like 64 or 64.50.'],
    [{ amount: '0' }, 'amount', 'Type an amount that is more than zero.'],
    [{ amount: '99999999999' }, 'amount', 'This is more than one payment can be.'],
    [{}, 'method', 'Choose how it is paid.'],
    [{ methodId: 'cash', tendered: '50' }, 'tendered', '$14.00 is still to come.'],
    [{ methodId: 'cash', tendered: 'x' }, 'tendered', 'This is not an amount. Type what was handed over, like 50.'],
    [{ methodId: 'card', reference: ' ' }, 'reference', 'Type the slip number.'],
  ])('with %j cannot be taken, and says why', (draft, field, text) => {
    expect(form(draft).problem).toEqual({ field, text })
  })

  test('never gives an invoice more than it waits for, and loses no cent', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 900_000 }),
        (outstanding, amount) => {
          const { invoices, credit } = form({ amount: (amount / 100).toFixed(2) }, dueOf(...outstanding))

          expect(invoices.every(({ pays, outstanding: open }) => pays >= 0 && pays <= open)).toBe(true)
          expect(invoices.reduce((sum, { pays }) => sum + pays, 0) + credit).toBe(amount)
        },
      ),
    )
  })
})

test('round sums are more than the amount, the smallest first', () => {
  expect(quickTendered(6400, 'AUD')).toEqual([6500, 7000, 8000, 10_000])
  expect(quickTendered(10_000, 'AUD')).toEqual([20_000, 50_000])
  expect(quickTendered(640, 'JPY')).toEqual([650, 700, 800, 1000])
})

test('a letter picks its method, in either case', () => {
  expect(methodOfKey([cash, terminal], 't')).toBe(terminal)
  expect(methodOfKey([cash, terminal], '5')).toBeUndefined()
})
