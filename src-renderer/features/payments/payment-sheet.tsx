import { useEffect } from 'react'
import { usePaymentSheet } from '../../app/payment-sheet.ts'
import { useSession } from '../../app/use-app-state.ts'
import { PaymentHistory } from './payment-history.tsx'
import { usePayments } from './payment-store.ts'
import { ReceiptSheet } from './receipt-sheet.tsx'
import { TakePayment } from './take-payment.tsx'

/** The payment sheet of the window: any screen asks for it by app/payment-sheet.ts. */
export const PaymentSheet = () => {
  const { staff_id } = useSession()
  const start = usePayments((payments) => payments.start)
  const { view, close } = usePaymentSheet()
  useEffect(() => {
    start(staff_id)
    return close
  }, [start, close, staff_id])

  if (!view) return null
  if (view.kind === 'pay') return <TakePayment key={view.familyId} familyId={view.familyId} />
  if (view.kind === 'history') return <PaymentHistory key={view.familyId} familyId={view.familyId} />
  return <ReceiptSheet key={view.receiptId} view={view} />
}
