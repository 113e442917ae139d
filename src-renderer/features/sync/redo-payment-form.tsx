import { NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { takePayment, type TakePaymentArgs } from '../../../src-shared/commands/take-payment.ts'
import { formatMoney, minorDigits, parseMoney } from '../../../src-shared/money.ts'
import { type PaymentMethod, paymentsDue } from '../../../src-shared/queries/payments.ts'
import { useSession } from '../../app/use-app-state.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { useNow } from '../../app/use-now.ts'
import { InboxForm, Reason } from './inbox-form.tsx'
import type { Settle } from './use-settle.ts'

interface RedoPaymentFormProps {
  readonly text: string
  readonly args: unknown
  readonly redo: Settle['redo']
  readonly onClose: () => void
}

/** Money that was taken is booked: as it was, or at what was really handed over. */
export const RedoPaymentForm = (props: RedoPaymentFormProps) => {
  const parsed = takePayment.args.safeParse(props.args)
  return parsed.success ? <PaymentFields {...props} taken={parsed.data} /> : null
}

/** What the person entered. */
interface Entered {
  readonly amount: string
  readonly methodId: string
  readonly reference: string
  readonly reason: string
}

const PaymentFields = ({ text, taken, redo, onClose }: RedoPaymentFormProps & { readonly taken: TakePaymentArgs }) => {
  const { facility } = useSession()
  const now = useNow()
  const due = useLiveQuery(paymentsDue, { family_id: taken.family_id, now })
  const methods = due.state === 'ready' ? (due.data?.methods ?? []) : []
  const [isAsked, setAsked] = useState(false)
  const [entered, setEntered] = useState<Entered>({
    amount: (taken.amount / 10 ** minorDigits(facility.currency)).toFixed(minorDigits(facility.currency)),
    methodId: taken.method_id,
    reference: taken.reference ?? '',
    reason: '',
  })
  const change = (part: Partial<Entered>): void => setEntered({ ...entered, ...part })
  const method = methods.find(({ id }) => id === entered.methodId)
  const amount = parseMoney(entered.amount, facility.currency)
  const isAmountWrong = amount === undefined || amount < 1
  const isLess = amount !== undefined && amount < taken.amount
  const isReasonMissing = isLess && entered.reason.trim() === ''
  const isReferenceMissing = Boolean(method?.reference_label) && entered.reference.trim() === ''

  const commit = async () => {
    setAsked(true)
    if (isAmountWrong || isReasonMissing || isReferenceMissing) return undefined
    return redo(withPayment(taken, { ...entered, amount, method }), isLess ? entered.reason.trim() : null)
  }
  return (
    <InboxForm
      label={`Do again: ${text}`}
      action={`Book ${isAmountWrong ? '' : formatMoney(amount, facility.currency, facility.locale)}`.trim()}
      onCommit={commit}
      onClose={onClose}
    >
      <TextInput
        label="Amount"
        inputMode="decimal"
        autoComplete="off"
        maxLength={20}
        value={entered.amount}
        error={isAsked && isAmountWrong && 'Enter an amount.'}
        onChange={(event) => change({ amount: event.currentTarget.value })}
      />
      {methods.length > 0 && (
        <NativeSelect
          label="Paid by"
          data={methods.map(({ id, name }) => ({ value: id, label: name }))}
          value={entered.methodId}
          onChange={(event) => change({ methodId: event.currentTarget.value })}
        />
      )}
      {method?.reference_label && (
        <TextInput
          label={method.reference_label}
          autoComplete="off"
          maxLength={100}
          value={entered.reference}
          error={isAsked && isReferenceMissing && 'Enter it.'}
          onChange={(event) => change({ reference: event.currentTarget.value })}
        />
      )}
      {isLess && (
        <Reason
          reason={entered.reason}
          isMissing={isAsked && isReasonMissing}
          onType={(reason) => change({ reason })}
        />
      )}
    </InboxForm>
  )
}

interface Booked extends Omit<Entered, 'amount'> {
  readonly amount: number
  readonly method: PaymentMethod | undefined
}

/** The same payment with what was changed; it pays no more of the invoices than there is. */
const withPayment = (taken: TakePaymentArgs, { amount, methodId, method, reference }: Booked): TakePaymentArgs => {
  let left = amount
  const allocations = taken.allocations.flatMap((part) => {
    const fits = Math.min(part.amount, left)
    left -= fits
    return fits > 0 ? [{ ...part, amount: fits }] : []
  })
  const isSame = amount === taken.amount && methodId === taken.method_id
  const isCash = method ? method.kind === 'cash' : taken.tendered !== null
  const tendered = isSame ? taken.tendered : isCash ? amount : null
  return { ...taken, amount, method_id: methodId, tendered, reference: reference.trim() || null, allocations }
}
