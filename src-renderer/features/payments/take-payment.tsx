import { paymentsDue, type PaymentsDue } from '../../../src-shared/queries/payments.ts'
import { usePaymentSheet } from '../../app/payment-sheet.ts'
import { useEscape } from '../../app/use-escape.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { useNow } from '../../app/use-now.ts'
import { errorText } from '../../texts/errors.ts'
import { Notice } from '../../ui/notice.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { AmountStep } from './amount-step.tsx'
import { MethodRow } from './method-row.tsx'
import { PaymentFoot } from './payment-foot.tsx'
import classes from './take-payment.module.css'
import { TenderStep } from './tender-step.tsx'
import { useTakePayment } from './use-take-payment.ts'

/** Takes money from a family: how much, how, and what was handed over (J3). */
export const TakePayment = ({ familyId }: { readonly familyId: string }) => {
  const close = usePaymentSheet((sheet) => sheet.close)
  const now = useNow()
  const live = useLiveQuery(paymentsDue, { family_id: familyId, now }, { keepPrevious: true })

  if (live.state === 'ready' && live.data) return <OpenPayment data={live.data} />
  return <WaitingPayment onClose={close} problem={live.state === 'failed' ? errorText(live.error) : undefined} />
}

const WaitingPayment = ({
  onClose,
  problem,
}: {
  readonly onClose: () => void
  readonly problem?: string | undefined
}) => {
  useEscape(onClose)
  return (
    <Sheet label="Take payment" title="Take payment" onClose={onClose}>
      {problem && <Notice tone="danger">{problem}</Notice>}
    </Sheet>
  )
}

const OpenPayment = ({ data }: { readonly data: PaymentsDue }) => {
  const payment = useTakePayment(data)
  const { form, step, error, goBack } = payment
  useEscape(goBack)

  return (
    <Sheet
      label={`Take payment from ${data.family_name}`}
      title={
        <>
          <span className={classes['act']}>Take payment</span> <bdi>{data.family_name}</bdi>
        </>
      }
      onClose={payment.close}
      footer={<PaymentFoot key={form.method?.id} payment={payment} />}
    >
      <div className={classes['steps']}>
        <AmountStep payment={payment} />
        <MethodRow payment={payment} />
        {step === 'tender' && form.method && <TenderStep key={form.method.id} payment={payment} method={form.method} />}
        {error && (
          <Notice tone="danger" isUrgent>
            {errorText(error)}
          </Notice>
        )}
      </div>
    </Sheet>
  )
}
