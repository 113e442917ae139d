import { Button, Textarea } from '@mantine/core'
import { IconBan } from '@tabler/icons-react'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { voidPayment } from '../../../src-shared/commands/void-payment.ts'
import type { ErrorData } from '../../../src-shared/errors.ts'
import type { ReceiptView } from '../../../src-shared/queries/payments.ts'
import { useCommand } from '../../app/use-command.ts'
import { useEscape } from '../../app/use-escape.ts'
import { errorText } from '../../texts/errors.ts'
import { KeyHint } from '../../ui/key-hint.tsx'
import { Notice } from '../../ui/notice.tsx'
import { useToasts } from '../../ui/toasts.tsx'
import { useKeys } from '../../ui/use-keys.ts'
import { usePayments } from './payment-store.ts'
import classes from './void-receipt.module.css'

interface VoidReceiptProps {
  readonly receipt: ReceiptView
  readonly isOpen: boolean
  readonly onOpen: (isOpen: boolean) => void
}

/** Takes the payment back as a whole. There is no undo, so the button names what will be void (LOOK 6). */
export const VoidReceipt = ({ receipt, isOpen, onOpen }: VoidReceiptProps) => {
  const open = (): void => onOpen(true)
  useKeys({ V: open }, { isActive: !isOpen })
  if (isOpen) return <VoidForm receipt={receipt} onClose={() => onOpen(false)} />
  return (
    <Button
      className={classes['open']}
      variant="subtle"
      color="red"
      leftSection={<IconBan size={16} aria-hidden="true" />}
      rightSection={<KeyHint>V</KeyHint>}
      aria-keyshortcuts="V"
      onClick={open}
    >
      Void this receipt …
    </Button>
  )
}

const VoidForm = ({ receipt, onClose }: { readonly receipt: ReceiptView; readonly onClose: () => void }) => {
  const { payment_id, label } = receipt
  const run = useCommand()
  const show = useToasts((toasts) => toasts.show)
  const reason = usePayments((payments) => payments.voidReasons[payment_id] ?? '')
  const setReason = usePayments((payments) => payments.setVoidReason)
  const [isAsked, setAsked] = useState(false)
  const [error, setError] = useState<ErrorData>()
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    field.current?.focus()
    // The whole form: its buttons name what will be void.
    field.current?.closest('[role=group]')?.scrollIntoView({ block: 'end' })
  }, [])
  useEscape(onClose)

  const commit = async (): Promise<void> => {
    setAsked(true)
    if (reason.trim() === '') return
    const reply = await run(voidPayment, { payment_id, reason: reason.trim() })
    if (!reply.ok) {
      setError(reply.error)
      return
    }
    setReason(payment_id, '')
    onClose()
    show({ text: `Receipt ${label} is void. Its number stays.`, tone: 'warn' })
  }
  const press = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.repeat) return
    event.preventDefault()
    void commit()
  }

  return (
    <div className={classes['form']} role="group" aria-label={`Void receipt ${label}`}>
      <Notice tone="danger" title="The whole payment is taken back.">
        The receipt keeps its number and the family owes the money again. This cannot be undone.
      </Notice>
      <Textarea
        ref={field}
        label="Reason"
        autosize
        minRows={2}
        maxLength={500}
        value={reason}
        error={isAsked && reason.trim() === '' && 'Say why, in a few words.'}
        onChange={(event) => setReason(payment_id, event.currentTarget.value)}
        onKeyDown={press}
      />
      {error && <Notice tone="danger">{errorText(error)}</Notice>}
      <div className={classes['buttons']}>
        <Button variant="default" onClick={onClose}>
          Keep it
        </Button>
        <Button
          color="red"
          leftSection={<IconBan size={16} aria-hidden="true" />}
          rightSection={<KeyHint>Enter</KeyHint>}
          onClick={() => void commit()}
        >
          Void receipt {label}
        </Button>
      </div>
    </div>
  )
}
