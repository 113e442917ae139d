import type { ReceiptContent } from '../../src-shared/rules/receipt.ts'

/** A cash payment of two invoices at an Australian facility; the test says what differs. */
export const receiptContentOf = (over: Partial<ReceiptContent> = {}): ReceiptContent => ({
  label: 'WER2-000124',
  issued_at: '2026-11-21T05:25:00.000Z',
  time_zone: 'Australia/Melbourne',
  locale: 'en-AU',
  currency: 'AUD',
  seller: {
    name: 'Elite Learners Academy Pty Ltd',
    facility: 'Werribee',
    address: '12 Watton Street, Werribee VIC 3030',
    phone: '(03) 9741 2000',
    registration_label: 'ABN',
    registration_number: '51 824 753 556',
  },
  buyer: 'Nguyễn family',
  lines: [
    { description: 'Swimming, Dolphins 2: Mia', invoice: 'INV-2026-000123', total: 24_000, paid: 24_000 },
    { description: 'Football, Under 9: Oliver', invoice: 'INV-2026-000131', total: 18_000, paid: 6400 },
  ],
  taxes: [{ name: 'GST 10%', amount: 2764 }],
  total: 30_400,
  method: 'Cash',
  reference: null,
  tendered: 35_000,
  change: 4600,
  served_by: 'Sam Okafor',
  ...over,
})
