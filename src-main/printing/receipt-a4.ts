import type { Content, ContentColumns, TableCell, TDocumentDefinitions } from 'pdfmake/interfaces.js'
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

const ink = '#16191d'
const soft = '#59616b'
const hairline = '#ccd1d7'
const margin = 54

const small = { fontSize: 8.5, color: soft }
const right = { alignment: 'right' } as const

/** A receipt on A4: the number where the eye falls first, then who, what, how much. */
export const a4Receipt = (content: ReceiptContent, notices: readonly Notice[]): TDocumentDefinitions => {
  const [first] = notices
  return {
    pageSize: 'A4',
    pageMargins: [margin, 56, margin, 64],
    defaultStyle: { font: 'Roboto', fontSize: 10, color: ink, lineHeight: 1.25 },
    ...(first && { watermark: { text: first.heading, color: ink, opacity: 0.06, bold: true, angle: -35 } }),
    content: [heading(content), ...notices.map(noticeBox), buyer(content), lineTable(content), footing(content)],
    footer: (page, pages) => footer(content, page, pages),
  }
}

const heading = (content: ReceiptContent): Content => ({
  columns: [
    {
      width: '*',
      stack: [
        setText(content.seller.name, { fontSize: 17, bold: true, lineHeight: 1.15, margin: [0, 0, 0, 5] }),
        ...sellerLines(content).map((line) => setText(line, { fontSize: 9, color: soft })),
        ...[registrationWords(content)]
          .filter((words) => words !== undefined)
          .map((words) => setText(words, { fontSize: 9, bold: true, margin: [0, 5, 0, 0] })),
      ],
    },
    {
      width: 'auto',
      stack: [
        { text: receiptTitle(content), fontSize: 10, color: soft, ...right },
        { text: content.label, fontSize: 25, bold: true, lineHeight: 1.2, ...right },
        setText(instantWords(content.issued_at, content), { fontSize: 10, ...right }),
      ],
    },
  ],
  columnGap: 28,
  margin: [0, 0, 0, 22],
})

const noticeBox = (notice: Notice): Content => ({
  table: {
    widths: ['auto', '*'],
    body: [
      [
        { text: notice.heading, fontSize: 15, bold: true, lineHeight: 1, margin: [2, 2, 8, 0] },
        setText(notice.text, { fontSize: 9.5, margin: [0, 3, 2, 0] }),
      ],
    ],
  },
  layout: {
    hLineWidth: () => 1.4,
    vLineWidth: (line) => (line === 1 ? 0 : 1.4),
    hLineColor: () => ink,
    vLineColor: () => ink,
    paddingTop: () => 5,
    paddingBottom: () => 6,
  },
  margin: [0, 0, 0, 12],
})

const buyer = (content: ReceiptContent): Content => ({
  stack: [{ text: 'Received from', ...small }, setText(content.buyer, { fontSize: 13, bold: true })],
  margin: [0, 6, 0, 18],
})

const lineTable = (content: ReceiptContent): Content => {
  const credit = creditLeft(content)
  const head = ['Paid for', 'Invoice', 'Amount', 'Paid'].map((text, column): TableCell => ({
    text,
    ...small,
    ...(column > 1 && right),
  }))
  const rows = content.lines.map((line): TableCell[] => [
    setText(line.description),
    setText(line.invoice ?? '', { color: soft, noWrap: true }),
    setText(moneyWords(line.total, content), { color: soft, noWrap: true, ...right }),
    setText(moneyWords(line.paid, content), { noWrap: true, ...right }),
  ])
  const creditRow: TableCell[] = [
    { text: 'Credit on the account' },
    { text: '' },
    { text: '' },
    setText(moneyWords(credit, content), { noWrap: true, ...right }),
  ]
  return {
    table: {
      headerRows: 1,
      widths: ['*', 'auto', 'auto', 'auto'],
      dontBreakRows: true,
      body: [head, ...rows, ...(credit > 0 ? [creditRow] : [])],
    },
    layout: {
      hLineWidth: (line, node) => (line === 0 ? 0 : line === 1 || line === node.table.body.length ? 0.9 : 0.4),
      vLineWidth: () => 0,
      hLineColor: (line, node) => (line === 1 || line === node.table.body.length ? ink : hairline),
      paddingLeft: (column) => (column === 0 ? 0 : 10),
      paddingRight: (column, node) => (column === (node.table.widths?.length ?? 0) - 1 ? 0 : 10),
      paddingTop: () => 5,
      paddingBottom: () => 5,
    },
  }
}

const footing = (content: ReceiptContent): Content => ({
  columns: [
    {
      width: '*',
      stack: [...paymentFacts(content), { label: 'Served by', value: content.served_by }].map((fact) =>
        factRow(fact, { labelWidth: 70 }),
      ),
    },
    {
      width: 230,
      stack: [
        {
          columns: [
            { text: 'Total paid', fontSize: 11, bold: true, margin: [0, 6, 0, 0] },
            setText(moneyWords(content.total, content), {
              fontSize: 19,
              bold: true,
              width: 'auto',
              noWrap: true,
              ...right,
            }),
          ],
        },
        ...taxFacts(content).map((fact) => factRow(fact, { alignRight: true })),
        { text: currencyWords(content), ...small, ...right, margin: [0, 4, 0, 0] },
      ],
    },
  ],
  columnGap: 24,
  margin: [0, 14, 0, 0],
  unbreakable: true,
})

interface FactLook {
  readonly labelWidth?: number
  readonly alignRight?: boolean
}

const factRow = (fact: Fact, look: FactLook): ContentColumns => ({
  columns: [
    setText(fact.label, { width: look.labelWidth ?? '*', color: soft }),
    setText(fact.value, look.alignRight ? { width: 'auto', ...right } : { width: '*' }),
  ],
  margin: [0, 1, 0, 1],
})

const footer = (content: ReceiptContent, page: number, pages: number): Content => ({
  columns: [
    setText(`${receiptTitle(content)} ${content.label} · ${content.seller.name}`, small),
    { text: `${page} / ${pages}`, width: 'auto', ...small, ...right },
  ],
  margin: [margin, 24, margin, 0],
})
