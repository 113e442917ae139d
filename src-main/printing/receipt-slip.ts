import type { Content, ContentColumns, TDocumentDefinitions } from 'pdfmake/interfaces.js'
import type { ReceiptContent } from '../../src-shared/rules/receipt.ts'
import {
  creditLeft,
  currencyWords,
  instantWords,
  moneyWords,
  paymentFacts,
  receiptTitle,
  registrationWords,
  sellerLines,
  taxFacts,
  type Fact,
  type Notice,
} from './receipt-words.ts'
import { setText } from './set-text.ts'

/** 80 mm paper, of which thermal heads print 72 mm. In points. */
const paperWidth = 226.77
const printable = 204
const margin = (paperWidth - printable) / 2

const center = { alignment: 'center' } as const

/** A receipt on an 80 mm roll: black only, one page as long as what stands on it. */
export const slipReceipt = (content: ReceiptContent, notices: readonly Notice[]): TDocumentDefinitions => ({
  pageSize: { width: paperWidth, height: 'auto' },
  pageMargins: [margin, 12, margin, 16],
  defaultStyle: { font: 'Roboto', fontSize: 9, color: '#000000', lineHeight: 1.2 },
  content: [
    ...seller(content),
    rule(),
    ...notices.map(noticeBox),
    { text: receiptTitle(content), fontSize: 10, bold: true, ...center },
    { text: content.label, fontSize: 20, bold: true, lineHeight: 1.1, ...center },
    setText(instantWords(content.issued_at, content), center),
    rule(),
    setText(`Received from ${content.buyer}`, { margin: [0, 0, 0, 4] }),
    ...paidLines(content),
    rule(),
    pair({ label: 'Total paid', value: moneyWords(content.total, content) }, { fontSize: 14, bold: true }),
    ...taxFacts(content).map((fact) => pair(fact)),
    rule(),
    ...paymentFacts(content).map((fact) => pair(fact, fact.label === 'Change' ? { fontSize: 11, bold: true } : {})),
    rule(),
    setText(`Served by ${content.served_by}`, center),
    { text: currencyWords(content), fontSize: 8, ...center },
  ],
})

const seller = (content: ReceiptContent): readonly Content[] => [
  setText(content.seller.name, { fontSize: 13, bold: true, ...center, margin: [0, 0, 0, 2] }),
  ...sellerLines(content).map((line) => setText(line, { fontSize: 8.5, ...center })),
  ...[registrationWords(content)]
    .filter((words) => words !== undefined)
    .map((words) => setText(words, { bold: true, ...center })),
]

const paidLines = (content: ReceiptContent): readonly Content[] => {
  const credit = creditLeft(content)
  return [
    ...content.lines.flatMap((line): readonly Content[] => [
      pair({ label: line.description, value: moneyWords(line.paid, content) }),
      ...[lineNote(line, content)]
        .filter((note) => note !== '')
        .map((note) => setText(note, { fontSize: 8, margin: [0, 0, 0, 4] })),
    ]),
    ...(credit > 0 ? [pair({ label: 'Credit on the account', value: moneyWords(credit, content) })] : []),
  ]
}

const lineNote = (line: ReceiptContent['lines'][number], content: ReceiptContent): string =>
  [line.invoice, line.paid < line.total ? `part of ${moneyWords(line.total, content)}` : null]
    .filter((part) => part !== null)
    .join(', ')

const pair = (fact: Fact, style: { readonly fontSize?: number; readonly bold?: boolean } = {}): ContentColumns => ({
  columns: [
    setText(fact.label, { width: '*', ...style }),
    setText(fact.value, { width: 'auto', alignment: 'right', ...style }),
  ],
  columnGap: 8,
})

const rule = (): Content => ({
  canvas: [{ type: 'line', x1: 0, y1: 0, x2: printable, y2: 0, lineWidth: 0.8, dash: { length: 2, space: 2 } }],
  margin: [0, 6, 0, 6],
})

const noticeBox = (notice: Notice): Content => ({
  table: {
    widths: ['*'],
    body: [
      [
        {
          stack: [
            { text: notice.heading, fontSize: 17, bold: true, lineHeight: 1.1, ...center },
            setText(notice.text, center),
          ],
        },
      ],
    ],
  },
  layout: { hLineWidth: () => 1.5, vLineWidth: () => 1.5 },
  margin: [0, 0, 0, 7],
})
