import { Button } from '@mantine/core'
import { IconReceiptOff } from '@tabler/icons-react'
import { counterFamily } from '../../../src-shared/queries/family.ts'
import { type PaidPayment, paymentsOfFamily } from '../../../src-shared/queries/payments.ts'
import { usePaymentSheet } from '../../app/payment-sheet.ts'
import { useMay } from '../../app/use-app-state.ts'
import { useEscape } from '../../app/use-escape.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { useNow } from '../../app/use-now.ts'
import { errorText } from '../../texts/errors.ts'
import { Empty } from '../../ui/empty.tsx'
import { KeyHint } from '../../ui/key-hint.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { useCursor } from '../../ui/use-cursor.ts'
import { useKeys } from '../../ui/use-keys.ts'
import classes from './payment-history.module.css'
import { PaymentRow } from './payment-row.tsx'

/** What a family has paid, the last first; a receipt opens for a copy or to be voided. */
export const PaymentHistory = ({ familyId }: { readonly familyId: string }) => {
  const { close, show } = usePaymentSheet()
  const now = useNow()
  const live = useLiveQuery(paymentsOfFamily, { family_id: familyId })
  const family = useLiveQuery(counterFamily, { family_id: familyId, now }, { keepPrevious: true })
  const name = family.state === 'ready' ? family.data?.name : undefined
  const mayTake = useMay()('payments.take')
  const pay = (): void => show({ kind: 'pay', familyId })
  useEscape(close)
  useKeys({ P: pay }, { isActive: mayTake })

  return (
    <Sheet
      label={`Payments of ${name ?? 'the family'}`}
      title={
        <>
          <span className={classes['act']}>Payments</span> <bdi>{name}</bdi>
        </>
      }
      aside={
        mayTake && (
          <Button size="sm" rightSection={<KeyHint>P</KeyHint>} aria-keyshortcuts="P" onClick={pay}>
            Take payment
          </Button>
        )
      }
      onClose={close}
    >
      {live.state === 'failed' && <Notice tone="danger">{errorText(live.error)}</Notice>}
      {live.state === 'ready' && live.data.length === 0 && (
        <Empty icon={IconReceiptOff} title="No payments yet">
          What this family pays is listed here, with its receipts.
        </Empty>
      )}
      {live.state === 'ready' && live.data.length > 0 && <Payments payments={live.data} familyId={familyId} />}
    </Sheet>
  )
}

interface PaymentsProps {
  readonly payments: readonly PaidPayment[]
  readonly familyId: string
}

const Payments = ({ payments, familyId }: PaymentsProps) => {
  const show = usePaymentSheet((sheet) => sheet.show)
  const { rowProps } = useCursor({ count: payments.length })
  return (
    <ul className={classes['list']} aria-label="Payments">
      {payments.map((payment, place) => (
        <li key={payment.payment_id}>
          <PaymentRow
            payment={payment}
            focusProps={rowProps(place)}
            onOpen={(receiptId) => show({ kind: 'receipt', familyId, receiptId, isNew: false })}
          />
        </li>
      ))}
    </ul>
  )
}
