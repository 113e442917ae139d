import { Button } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { formatMoney } from '../../../src-shared/money.ts'
import { useSession } from '../../app/use-app-state.ts'
import { KeyHint } from '../../ui/key-hint.tsx'
import type { TakingPayment } from './use-take-payment.ts'

/** The button that takes the money says how much and how. One per method, which takes the focus when nothing is asked. */
export const PaymentFoot = ({ payment: { form, commit, close, isSaving } }: { readonly payment: TakingPayment }) => {
  const { facility } = useSession()
  const main = useRef<HTMLButtonElement>(null)
  const { method, amount } = form
  const asksNothing = method !== undefined && method.kind !== 'cash' && method.reference_label === null
  useEffect(() => {
    if (asksNothing) main.current?.focus()
  }, [asksNothing])

  const sum = amount === undefined ? '' : formatMoney(amount, facility.currency, facility.locale)
  return (
    <>
      <Button variant="subtle" color="gray" size="md" onClick={close}>
        Not now
      </Button>
      <Button
        ref={main}
        ml="auto"
        size="md"
        disabled={!method}
        aria-disabled={isSaving}
        rightSection={<KeyHint>Enter</KeyHint>}
        aria-keyshortcuts="Enter"
        onClick={commit}
      >
        {method ? `Take ${sum} · ${method.name}` : `Take ${sum}`}
      </Button>
    </>
  )
}
