import { type KeyboardEvent, useEffect, useRef } from 'react'
import { formatMoney } from '../../../src-shared/money.ts'
import { useSession } from '../../app/use-app-state.ts'
import { owedSinceText, owedText } from '../../texts/money-owed.ts'
import classes from './amount-step.module.css'
import { MoneyField } from './money-field.tsx'
import { type AllocatedInvoice, methodOfKey } from './payment-form.ts'
import type { TakingPayment } from './use-take-payment.ts'

/** How much, and which invoices it pays: oldest first. */
export const AmountStep = ({ payment }: { readonly payment: TakingPayment }) => {
  const { data, form, step, edit, pick, checkAmount, shownProblem } = payment
  const { facility } = useSession()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (step === 'amount') field.current?.select()
  }, [step])

  const press = (event: KeyboardEvent): void => {
    const method = event.ctrlKey || event.metaKey ? undefined : methodOfKey(data.methods, event.key)
    if (method) pick(method)
    else if (event.key === 'Enter' && !event.repeat) {
      if (checkAmount()) document.querySelector<HTMLElement>('[data-method]')?.focus()
    } else return
    event.preventDefault()
  }
  const oldest = data.invoices[0]
  const since = owedSinceText({ ...data.balance, oldest_days: oldest?.days ?? null })

  return (
    <section className={classes['step']} aria-label="Amount">
      <p className={classes['owed']}>
        {owedText({ ...data.balance, oldest_days: null }, facility.locale)}
        {since && ` · ${since}`}
      </p>
      <MoneyField
        ref={field}
        label="Amount"
        size="large"
        text={form.amountText}
        problem={shownProblem?.field === 'amount' ? shownProblem.text : undefined}
        onType={(amount) => edit({ amount })}
        onKeyDown={press}
      />
      <Allocations invoices={form.invoices} credit={form.credit} />
    </section>
  )
}

const Allocations = ({
  invoices,
  credit,
}: {
  readonly invoices: readonly AllocatedInvoice[]
  readonly credit: number
}) => {
  const { facility } = useSession()
  const money = (amount: number): string => formatMoney(amount, facility.currency, facility.locale)
  return (
    <table className={classes['allocations']} aria-label="What it pays">
      <tbody>
        {invoices.map((invoice) => (
          <tr key={invoice.invoice_id} data-pays={invoice.pays > 0 || undefined}>
            <td>
              <bdi className={classes['what']}>
                {invoice.description}
                {invoice.more_lines > 0 && ` and ${invoice.more_lines} more`}
              </bdi>
              <span className={classes['number']}>
                {invoice.number} · {dueText(invoice.days)}
              </span>
            </td>
            <td className={classes['of']}>
              {invoice.pays < invoice.outstanding && invoice.pays > 0 && `of ${money(invoice.outstanding)}`}
              {invoice.pays === 0 && `${money(invoice.outstanding)} stays open`}
            </td>
            <td className={classes['pays']}>{invoice.pays > 0 ? money(invoice.pays) : ''}</td>
          </tr>
        ))}
        {(credit > 0 || invoices.length === 0) && (
          <tr data-pays={credit > 0 || undefined}>
            <td colSpan={2}>
              <span className={classes['what']}>Credit on the account</span>
              <span className={classes['number']}>pays what comes next</span>
            </td>
            <td className={classes['pays']}>{credit > 0 ? money(credit) : ''}</td>
          </tr>
        )}
      </tbody>
    </table>
  )
}

const dueText = (days: number): string => {
  if (days === 0) return 'due today'
  const count = Math.abs(days) === 1 ? '1 day' : `${Math.abs(days)} days`
  return days > 0 ? `due ${count} ago` : `due in ${count}`
}
