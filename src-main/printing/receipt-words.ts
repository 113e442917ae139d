import type { ReceiptContent } from '../../src-shared/rules/receipt.ts'
import { formatMoney } from '../../src-shared/money.ts'

/** A payment that was taken back: why, and when (UTC). */
export interface VoidNote {
  readonly reason: string
  readonly at: string
}

/** A label beside a value, such as `Tendered` and `$50.00`. */
export interface Fact {
  readonly label: string
  readonly value: string
}

/** `tax invoice` is what the law calls it, when the seller is registered and tax was charged. */
export const receiptTitle = ({ seller, taxes }: ReceiptContent): string =>
  seller.registration_number !== null && taxes.length > 0 ? 'Tax invoice / Receipt' : 'Receipt'

/** An instant on the wall clock of the facility, with its zone: `21 Nov 2026, 4:25 pm AEDT`. */
export const instantWords = (at: string, { locale, time_zone }: ReceiptContent): string =>
  new Intl.DateTimeFormat(locale, {
    timeZone: time_zone,
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(new Date(at))

/** An amount as the people at the facility write it. */
export const moneyWords = (amount: number, { currency, locale }: ReceiptContent): string =>
  formatMoney(amount, currency, locale)

/** `ABN 51 824 753 556`, or nothing when the seller is not registered. */
export const registrationWords = ({ seller }: ReceiptContent): string | undefined =>
  seller.registration_number === null
    ? undefined
    : [seller.registration_label, seller.registration_number].filter((part) => part !== null).join(' ')

/** The site, when it is not called like the seller. */
export const sellerLines = ({ seller }: ReceiptContent): readonly string[] =>
  [seller.facility === seller.name ? null : seller.facility, seller.address, seller.phone].filter(
    (line): line is string => line !== null && line !== '',
  )

/** What was paid beyond the lines: it stays on the family's account. */
export const creditLeft = ({ lines, total }: ReceiptContent): number =>
  Math.max(0, total - lines.reduce((sum, line) => sum + line.paid, 0))

export const currencyWords = ({ currency, taxes }: ReceiptContent): string =>
  `All amounts in ${currency}${taxes.length > 0 ? ', tax included' : ''}`

/** How it was paid, down to the change. */
export const paymentFacts = (content: ReceiptContent): readonly Fact[] => [
  { label: 'Paid by', value: content.method },
  ...(content.reference === null ? [] : [{ label: 'Reference', value: content.reference }]),
  ...(content.tendered === null ? [] : [{ label: 'Tendered', value: moneyWords(content.tendered, content) }]),
  ...(content.change === null ? [] : [{ label: 'Change', value: moneyWords(content.change, content) }]),
]

/** Tax inside the total, by name: `Includes GST 10%`. */
export const taxFacts = (content: ReceiptContent): readonly Fact[] =>
  content.taxes.map(({ name, amount }) => ({ label: `Includes ${name}`, value: moneyWords(amount, content) }))

/** What stands above everything else on a paper that is not the first print of a standing payment. */
export interface Notice {
  readonly heading: string
  readonly text: string
}

export const voidNotice = (note: VoidNote, content: ReceiptContent): Notice => ({
  heading: 'VOID',
  text: `This payment was taken back on ${instantWords(note.at, content)}. Reason: ${note.reason}`,
})

export const copyNotice: Notice = {
  heading: 'COPY',
  text: 'Printed again. The first print was handed out when the payment was made.',
}
