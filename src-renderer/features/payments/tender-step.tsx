import { TextInput } from '@mantine/core'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import { formatMoney } from '../../../src-shared/money.ts'
import type { PaymentMethod } from '../../../src-shared/queries/payments.ts'
import { useSession } from '../../app/use-app-state.ts'
import { MoneyField } from './money-field.tsx'
import { plainAmount, quickTendered } from './payment-form.ts'
import classes from './tender-step.module.css'
import type { TakingPayment } from './use-take-payment.ts'

interface TenderStepProps {
  readonly payment: TakingPayment
  readonly method: PaymentMethod
}

/** What the method needs to know: the cash handed over, or a reference. */
export const TenderStep = ({ payment, method }: TenderStepProps) => {
  const { form, edit, commit, shownProblem } = payment
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    field.current?.focus()
    field.current?.select()
  }, [])

  const press = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.repeat) return
    event.preventDefault()
    commit()
  }

  if (method.kind === 'cash') {
    return (
      <section className={classes['cash']} aria-label="Cash">
        <MoneyField
          ref={field}
          label="Handed over"
          text={form.tenderedText}
          problem={shownProblem?.field === 'tendered' ? shownProblem.text : undefined}
          isProblemElsewhere={form.tendered !== undefined}
          onType={(tendered) => edit({ tendered })}
          onKeyDown={press}
        />
        <QuickAmounts payment={payment} onPick={() => field.current?.focus()} />
        <Change payment={payment} />
      </section>
    )
  }
  if (method.reference_label === null) return null
  return (
    <TextInput
      ref={field}
      size="md"
      label={method.reference_label}
      autoComplete="off"
      maxLength={100}
      value={form.reference}
      error={shownProblem?.field === 'reference' && shownProblem.text}
      onChange={(event) => edit({ reference: event.currentTarget.value })}
      onKeyDown={press}
    />
  )
}

const QuickAmounts = ({ payment, onPick }: { readonly payment: TakingPayment; readonly onPick: () => void }) => {
  const { form, edit } = payment
  const { facility } = useSession()
  if (form.amount === undefined || form.amount === 0) return null
  const sums = [form.amount, ...quickTendered(form.amount, facility.currency)]
  return (
    <div className={classes['quick']} role="group" aria-label="Round sums">
      {sums.map((sum) => (
        <button
          key={sum}
          type="button"
          className={classes['sum']}
          aria-pressed={sum === form.tendered}
          onClick={() => {
            edit({ tendered: plainAmount(sum, facility.currency) })
            onPick()
          }}
        >
          {sum === form.amount ? 'Exact' : formatMoney(sum, facility.currency, facility.locale).replace(/[.,]0+$/, '')}
        </button>
      ))}
    </div>
  )
}

/** The one number that matters now. It keeps its place while the cash is typed. */
const Change = ({ payment: { form } }: { readonly payment: TakingPayment }) => {
  const { facility } = useSession()
  const { change } = form
  const isShort = change !== undefined && change < 0
  return (
    <output
      className={classes['change']}
      data-short={isShort || undefined}
      aria-label={isShort ? 'Still to come' : 'Change'}
    >
      <span>{isShort ? 'Still to come' : 'Change'}</span>
      <strong>{change === undefined ? '–' : formatMoney(Math.abs(change), facility.currency, facility.locale)}</strong>
    </output>
  )
}
