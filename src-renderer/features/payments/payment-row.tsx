import { IconBan, IconChevronRight } from '@tabler/icons-react'
import { formatMoney } from '../../../src-shared/money.ts'
import type { PaidPayment } from '../../../src-shared/queries/payments.ts'
import { useSession } from '../../app/use-app-state.ts'
import { Chip } from '../../ui/chip.tsx'
import classes from './payment-history.module.css'

interface PaymentRowProps {
  readonly payment: PaidPayment
  readonly focusProps: {
    readonly ref: (element: HTMLElement | null) => void
    readonly tabIndex: 0 | -1
    readonly onFocus: () => void
  }
  readonly onOpen: (receiptId: string) => void
}

/** One payment of the list; Enter opens its receipt. */
export const PaymentRow = ({ payment, focusProps, onOpen }: PaymentRowProps) => {
  const { facility } = useSession()
  const { receipt } = payment
  const day = new Intl.DateTimeFormat(facility.locale, { dateStyle: 'medium', timeZone: facility.time_zone })
  return (
    <button
      type="button"
      className={classes['row']}
      data-void={payment.void !== null || undefined}
      aria-disabled={receipt === null}
      onClick={() => receipt && onOpen(receipt.id)}
      {...focusProps}
    >
      <span className={classes['day']}>{day.format(new Date(payment.at))}</span>
      <span className={classes['what']}>
        <span>{payment.method}</span>
        <span className={classes['receipt']}>{receipt?.label ?? 'no receipt from this series'}</span>
      </span>
      {payment.void && (
        <Chip tone="danger" icon={IconBan}>
          Void
        </Chip>
      )}
      <span className={classes['amount']}>{formatMoney(payment.amount, payment.currency, facility.locale)}</span>
      <IconChevronRight size={18} stroke={1.8} aria-hidden="true" className={classes['go']} />
    </button>
  )
}
