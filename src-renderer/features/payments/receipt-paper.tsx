import { formatMoney } from '../../../src-shared/money.ts'
import type { ReceiptView } from '../../../src-shared/queries/payments.ts'
import type { ReceiptContent } from '../../../src-shared/rules/receipt.ts'
import classes from './receipt-paper.module.css'

interface ReceiptPaperProps {
  readonly receipt: ReceiptView
  readonly isCopy: boolean
}

/** The receipt as it is printed on a slip. */
export const ReceiptPaper = ({ receipt: { content, void: voided }, isCopy }: ReceiptPaperProps) => {
  const { seller } = content
  const stamp = voided ? 'VOID' : isCopy ? 'COPY' : undefined
  return (
    <section className={classes['desk']} aria-label="Preview">
      <div className={classes['paper']}>
        {stamp && <div className={classes['stamp']}>{stamp}</div>}
        <header className={classes['seller']}>
          <strong>{seller.name}</strong>
          {seller.facility !== seller.name && <span>{seller.facility}</span>}
          <span>{seller.address}</span>
          {seller.registration_number && (
            <span>
              {seller.registration_label} {seller.registration_number}
            </span>
          )}
        </header>
        <p className={classes['facts']}>
          <span>{content.label}</span>
          <span>{issuedText(content)}</span>
          <bdi>{content.buyer}</bdi>
        </p>
        <Lines content={content} />
        <Sums content={content} />
        <footer className={classes['served']}>Served by {content.served_by}</footer>
      </div>
    </section>
  )
}

const issuedText = ({ issued_at, locale, time_zone }: ReceiptContent): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: time_zone }).format(
    new Date(issued_at),
  )

const Lines = ({ content }: { readonly content: ReceiptContent }) => (
  <table className={classes['rows']}>
    <tbody>
      {content.lines.map((line, place) => (
        <tr key={place}>
          <td>
            <bdi>{line.description}</bdi>
            {line.invoice && <span className={classes['invoice']}>{line.invoice}</span>}
          </td>
          <td>{formatMoney(line.paid, content.currency, content.locale)}</td>
        </tr>
      ))}
    </tbody>
  </table>
)

const Sums = ({ content }: { readonly content: ReceiptContent }) => {
  const money = (amount: number): string => formatMoney(amount, content.currency, content.locale)
  const rows = [
    ...content.taxes.map((tax): readonly [string, string] => [`Includes ${tax.name}`, money(tax.amount)]),
    ['Paid by', content.reference === null ? content.method : `${content.method}, ${content.reference}`],
    ...(content.tendered === null ? [] : [['Handed over', money(content.tendered)] as const]),
    ...(content.change === null ? [] : [['Change', money(content.change)] as const]),
  ] as const
  return (
    <table className={`${classes['rows']} ${classes['sums']}`}>
      <tbody>
        <tr className={classes['total']}>
          <td>Total</td>
          <td>{money(content.total)}</td>
        </tr>
        {rows.map(([label, value]) => (
          <tr key={label}>
            <td>{label}</td>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
