import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatMoney, minorDigits, parseMoney } from '../../../src-shared/money.ts'
import { allocateOldestFirst, fitAllocations, type Outstanding, taxWithin } from '../../../src-shared/rules/money.ts'

const amount = fc.integer({ min: 0, max: 5_000_000 })
const currency = fc.constantFrom('AUD', 'INR', 'NGN', 'JPY', 'KWD', 'EUR')

const invoices = fc
  .array(fc.record({ outstanding: amount, due_on: fc.constantFrom('2026-10-01', '2026-11-01', '2026-12-01') }), {
    maxLength: 12,
  })
  .map((list) =>
    list.map(({ outstanding, due_on }, index): Outstanding => {
      const number = `INV-${index}`
      return { invoice_id: number, number, due_on, total: outstanding, outstanding }
    }),
  )

const sum = (list: readonly { readonly amount: number }[]): number =>
  list.reduce((all, { amount: one }) => all + one, 0)

describe('money (promise 8)', () => {
  test('typed as a plain number is read to the minor unit, in every currency', () => {
    fc.assert(
      fc.property(amount, currency, (minor, code) => {
        const typed = (minor / 10 ** minorDigits(code)).toFixed(minorDigits(code))

        expect(parseMoney(typed, code)).toBe(minor)
      }),
    )
  })

  test.each([
    ['64', 6400],
    ['64.5', 6450],
    ['$1,064.50', 106_450],
    [' 0.05 ', 5],
  ])('%s is %i cents', (typed, cents) => {
    expect(parseMoney(typed, 'AUD')).toBe(cents)
  })

  test.each(['', 'abc', '1,2,3', '12.345', '-5', '1e3', '1.2.3', '99999999999999999999'])(
    '%s is no amount',
    (typed) => {
      expect(parseMoney(typed, 'AUD')).toBeUndefined()
    },
  )

  test('is written as people at the facility write it', () => {
    expect(formatMoney(106_450, 'AUD', 'en-AU')).toBe('$1,064.50')
    expect(formatMoney(12_345_600, 'INR', 'en-IN')).toBe('₹1,23,456.00')
    expect(formatMoney(1200, 'JPY', 'ja-JP')).toMatch(/1,200/)
  })
})

describe('an allocation', () => {
  test('spends the amount on the oldest invoices first, never more than they wait for', () => {
    fc.assert(
      fc.property(amount, invoices, (paid, list) => {
        const allocations = allocateOldestFirst(paid, list)
        const waiting = list.reduce((all, { outstanding }) => all + outstanding, 0)

        expect(sum(allocations)).toBe(Math.min(paid, waiting))
        for (const { invoice_id, amount: part } of allocations) {
          expect(part).toBeLessThanOrEqual(list.find((one) => one.invoice_id === invoice_id)?.outstanding ?? 0)
        }
        const touched = list.filter(({ invoice_id }) => allocations.some((one) => one.invoice_id === invoice_id))
        const untouched = list.filter((one) => one.outstanding > 0 && !touched.includes(one))
        for (const later of untouched) {
          for (const earlier of touched) expect(earlier.due_on <= later.due_on).toBe(true)
        }
      }),
    )
  })

  test('that is fitted to the truth never exceeds the wish or what is waited for', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ index: fc.nat(11), amount }), { maxLength: 8 }), invoices, (wishes, list) => {
        const wished = wishes.map(({ index, amount: part }) => ({ invoice_id: `INV-${index}`, amount: part }))
        const fitted = fitAllocations(wished, list)

        for (const { invoice_id, outstanding } of list) {
          const spent = sum(fitted.filter((one) => one.invoice_id === invoice_id))
          const wanted = sum(wished.filter((one) => one.invoice_id === invoice_id))
          expect(spent).toBe(Math.min(outstanding, wanted))
        }
      }),
    )
  })

  test('takes the whole tax with the whole line, and none with nothing', () => {
    fc.assert(
      fc.property(amount, amount, (total, tax) => {
        expect(taxWithin(total, total, tax)).toBe(total === 0 ? 0 : tax)
        expect(taxWithin(0, total, tax)).toBe(0)
      }),
    )
  })
})
