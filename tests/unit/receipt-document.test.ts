import { describe, expect, test } from 'vitest'
import { receiptDocument, type ReceiptOptions } from '../../src-main/printing/receipt-document.ts'
import { renderPdf } from '../../src-main/printing/render.ts'
import type { ReceiptContent } from '../../src-shared/rules/receipt.ts'
import { receiptContentOf } from '../support/receipt-content.ts'

const papers = ['a4', '80mm'] as const
const firstPrint = { copy: false, void: null } as const

/** Every text of a document in reading order, each block on a line of its own. */
const textOf = (part: unknown): string => {
  if (typeof part === 'string') return part
  if (Array.isArray(part)) return part.map(textOf).join('\n')
  if (typeof part !== 'object' || part === null) return ''
  const { text, stack, columns, table } = part as Record<string, unknown>
  if (Array.isArray(text)) return text.map(textOf).join('')
  return [text, stack, columns, (table as { readonly body?: unknown } | undefined)?.body]
    .filter((inner) => inner !== undefined)
    .map(textOf)
    .join('\n')
}

const wordsOf = (content: ReceiptContent, options: ReceiptOptions): string =>
  textOf(receiptDocument(content, options).content).replaceAll('\u200b', '').replaceAll('\u00a0', ' ')

const latin1 = (pdf: Uint8Array): string => Buffer.from(pdf).toString('latin1')
const pageCount = (pdf: Uint8Array): number => latin1(pdf).match(/\/Type \/Page\n/g)?.length ?? 0

describe.each(papers)('a receipt on %s', (paper) => {
  test('holds what the law asks of a tax invoice', () => {
    const words = wordsOf(receiptContentOf(), { paper, ...firstPrint })

    expect(words).toContain('Tax invoice / Receipt')
    expect(words).toContain('Elite Learners Academy Pty Ltd')
    expect(words).toContain('ABN 51 824 753 556')
    expect(words).toContain('WER2-000124')
    expect(words).toContain('21 Nov 2026, 4:25 pm AEDT')
    expect(words).toContain('Nguyễn family')
    expect(words).toContain('Swimming, Dolphins 2: Mia')
    expect(words).toContain('Includes GST 10%\n$27.64')
    expect(words).toContain('Total paid\n$304.00')
  })

  test('says how it was paid, what was handed over and what came back', () => {
    const words = wordsOf(receiptContentOf(), { paper, ...firstPrint })

    expect(words).toContain('Paid by\nCash')
    expect(words).toContain('Tendered\n$350.00')
    expect(words).toContain('Change\n$46.00')
    expect(words).toContain('Sam Okafor')
    expect(words).not.toContain('Reference')
  })

  test('shows the reference of a card slip and no change', () => {
    const card = receiptContentOf({ method: 'Card terminal', reference: '4411-22', tendered: null, change: null })

    const words = wordsOf(card, { paper, ...firstPrint })

    expect(words).toContain('Reference\n4411-22')
    expect(words).not.toContain('Tendered')
    expect(words).not.toContain('Change')
  })

  test('shows a line that is paid in part with its whole amount', () => {
    const words = wordsOf(receiptContentOf(), { paper, ...firstPrint })

    expect(words).toContain('$64.00')
    expect(words).toContain('$180.00')
  })

  test('shows what stays as credit when more was paid than the lines', () => {
    const words = wordsOf(receiptContentOf({ total: 35_000 }), { paper, ...firstPrint })

    expect(words).toContain('Credit on the account')
    expect(words).toContain('$46.00')
  })

  test('is a plain receipt without a registration number or without tax', () => {
    const { seller } = receiptContentOf()
    const unregistered = receiptContentOf({
      seller: { ...seller, registration_label: null, registration_number: null },
    })
    const untaxed = receiptContentOf({ taxes: [] })

    const [first, second] = [unregistered, untaxed].map((content) => wordsOf(content, { paper, ...firstPrint }))

    expect(first).not.toContain('Tax invoice')
    expect(first).not.toContain('ABN')
    expect(second).not.toContain('Tax invoice')
    expect(second).not.toContain('tax included')
  })

  test('writes money and time as people there do', () => {
    const words = wordsOf(
      receiptContentOf({ locale: 'de-AT', currency: 'EUR', time_zone: 'Europe/Vienna', total: 123_456_7 }),
      { paper, ...firstPrint },
    )

    expect(words).toContain('€ 12.345,67')
    expect(words).toContain('21. Nov. 2026, 06:25 MEZ')
  })

  test('has no fractions in a currency without minor units', () => {
    const words = wordsOf(receiptContentOf({ locale: 'ja-JP', currency: 'JPY', total: 6400, lines: [] }), {
      paper,
      ...firstPrint,
    })

    expect(words).toMatch(/[¥￥]6,400/)
  })

  test('says COPY when it is printed again, and only then', () => {
    const first = wordsOf(receiptContentOf(), { paper, ...firstPrint })
    const again = wordsOf(receiptContentOf(), { paper, copy: true, void: null })

    expect(first).not.toContain('COPY')
    expect(again).toContain('COPY')
  })

  test('keeps its number and says VOID, when and why', () => {
    const note = { reason: 'Wrong family', at: '2026-11-22T01:10:00.000Z' }

    const words = wordsOf(receiptContentOf(), { paper, copy: true, void: note })

    expect(words).toContain('VOID')
    expect(words).toContain('22 Nov 2026, 12:10 pm AEDT')
    expect(words).toContain('Wrong family')
    expect(words).toContain('WER2-000124')
    expect(words).toContain('COPY')
  })

  test('renders names in many scripts and of any length', async () => {
    const names = [
      'محمد علي حسن',
      '王小明',
      'さくら',
      '김민준',
      'प्रिया शर्मा',
      'สมชาย ใจดี',
      'שרה כהן',
      'Ελένη Щербакова',
      'x'.repeat(400),
    ]
    const lines = names.map((description) => ({ description, invoice: null, total: 1000, paid: 1000 }))

    const pdf = await renderPdf(receiptDocument(receiptContentOf({ lines, total: 9000 }), { paper, ...firstPrint }))

    expect(latin1(pdf).startsWith('%PDF-')).toBe(true)
    expect(pageCount(pdf)).toBe(1)
    expect(latin1(pdf)).toContain('NotoSansArabic')
    expect(latin1(pdf)).toContain('NotoSansDevanagari')
    expect(latin1(pdf)).toContain('NotoSansSC')
  })
})

const linesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    description: `Lesson ${index + 1}`,
    invoice: 'INV-2026-000123',
    total: 1000,
    paid: 1000,
  }))

test('a long receipt goes on over several A4 pages, and repeats nothing but the head of the table', async () => {
  const long = receiptContentOf({ lines: linesOf(60), total: 60_000 })

  const pdf = await renderPdf(receiptDocument(long, { paper: 'a4', ...firstPrint }))

  expect(pageCount(pdf)).toBe(3)
})

test('a slip is one page that is as long as what stands on it', async () => {
  const heightOf = async (count: number): Promise<number> => {
    const content = receiptContentOf({ lines: linesOf(count), total: count * 1000 })
    const pdf = await renderPdf(receiptDocument(content, { paper: '80mm', ...firstPrint }))
    expect(pageCount(pdf)).toBe(1)
    return Number(/\/MediaBox \[0 0 226\.77 ([\d.]+)\]/.exec(latin1(pdf))?.[1])
  }

  const [short, long] = [await heightOf(1), await heightOf(60)]

  expect(short).toBeGreaterThan(250)
  expect(short).toBeLessThan(450)
  expect(long).toBeGreaterThan(short + 59 * 15)
})

test('a slip is black only, because thermal paper knows no grey', () => {
  const definition = JSON.stringify(receiptDocument(receiptContentOf(), { paper: '80mm', copy: true, void: null }))

  const colors = [...definition.matchAll(/"(?:color|fillColor|lineColor)":"([^"]+)"/g)].map(([, color]) => color)

  expect(new Set(colors)).toEqual(new Set(['#000000']))
})
