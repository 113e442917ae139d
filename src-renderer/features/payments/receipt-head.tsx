import { IconBan, IconCircleCheckFilled } from '@tabler/icons-react'
import { formatMoney } from '../../../src-shared/money.ts'
import type { ReceiptView } from '../../../src-shared/queries/payments.ts'
import { useNow } from '../../app/use-now.ts'
import { momentText } from '../../texts/when.ts'
import { Notice } from '../../ui/notice.tsx'
import classes from './receipt-head.module.css'

/** The number, large, and what goes back to the family. */
export const ReceiptHead = ({ receipt, isNew }: { readonly receipt: ReceiptView; readonly isNew: boolean }) => {
  const now = useNow()
  const { content } = receipt
  const money = (amount: number): string => formatMoney(amount, content.currency, content.locale)
  return (
    <>
      {receipt.void && (
        <Notice tone="danger" icon={IconBan} title="Voided.">
          {`${momentText(receipt.void.at, now, content)} by ${receipt.void.by}: ${receipt.void.reason}`}
        </Notice>
      )}
      <div className={classes['head']}>
        <div className={classes['receipt']}>
          <span className={classes['word']}>
            {isNew && <IconCircleCheckFilled size={18} aria-hidden="true" />}
            {isNew ? 'Receipt' : `${money(content.total)} · ${content.method}`}
          </span>
          <strong className={classes['number']} data-void={receipt.void !== null || undefined}>
            {receipt.label}
          </strong>
        </div>
        {isNew && content.change !== null && (
          <div className={classes['change']}>
            <span className={classes['word']}>Change</span>
            <strong>{money(content.change)}</strong>
          </div>
        )}
      </div>
    </>
  )
}
