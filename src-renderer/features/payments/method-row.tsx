import {
  IconBuildingBank,
  IconCash,
  IconCreditCard,
  IconDeviceMobile,
  IconTicket,
  IconWorld,
  IconWriting,
  type TablerIcon,
} from '@tabler/icons-react'
import type { KeyboardEvent } from 'react'
import type { PaymentMethod } from '../../../src-shared/queries/payments.ts'
import { KeyHint } from '../../ui/key-hint.tsx'
import { useKeys } from '../../ui/use-keys.ts'
import classes from './method-row.module.css'
import type { TakingPayment } from './use-take-payment.ts'

const icons: Readonly<Record<PaymentMethod['kind'], TablerIcon>> = {
  cash: IconCash,
  card_terminal: IconCreditCard,
  card_online: IconWorld,
  bank: IconBuildingBank,
  cheque: IconWriting,
  wallet: IconDeviceMobile,
  voucher: IconTicket,
}

const moveFrom = (button: HTMLElement, step: 1 | -1): void => {
  const next = step === 1 ? button.nextElementSibling : button.previousElementSibling
  if (next instanceof HTMLElement) next.focus()
}

/** How it is paid: one letter each, also while the focus is in the amount. */
export const MethodRow = ({ payment }: { readonly payment: TakingPayment }) => {
  const { data, form, pick, shownProblem } = payment
  useKeys(Object.fromEntries(data.methods.map((method) => [method.hotkey.toUpperCase(), () => pick(method)])))

  const press = (event: KeyboardEvent<HTMLButtonElement>): void => {
    if (event.key === 'ArrowRight') moveFrom(event.currentTarget, 1)
    else if (event.key === 'ArrowLeft') moveFrom(event.currentTarget, -1)
    else return
    event.preventDefault()
  }

  return (
    <section aria-label="Method">
      <div className={classes['row']} role="group" aria-label="How is it paid?">
        {data.methods.map((method) => {
          const Icon = icons[method.kind]
          return (
            <button
              key={method.id}
              type="button"
              data-method
              className={classes['method']}
              aria-pressed={method.id === form.method?.id}
              aria-keyshortcuts={method.hotkey.toUpperCase()}
              onClick={() => pick(method)}
              onKeyDown={press}
            >
              <Icon size={20} stroke={1.7} aria-hidden="true" />
              <span>{method.name}</span>
              <KeyHint>{method.hotkey.toUpperCase()}</KeyHint>
            </button>
          )
        })}
      </div>
      {shownProblem?.field === 'method' && (
        <p className={classes['problem']} role="alert">
          {shownProblem.text}
        </p>
      )}
    </section>
  )
}
