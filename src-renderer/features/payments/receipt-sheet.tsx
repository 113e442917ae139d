import { Button, SegmentedControl } from '@mantine/core'
import { IconPrinter } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { receiptsGet, type ReceiptView } from '../../../src-shared/queries/payments.ts'
import { type PaymentView, usePaymentSheet } from '../../app/payment-sheet.ts'
import { useMay } from '../../app/use-app-state.ts'
import { useEscape } from '../../app/use-escape.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { errorText } from '../../texts/errors.ts'
import { KeyHint } from '../../ui/key-hint.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { useKeys } from '../../ui/use-keys.ts'
import { usePayments } from './payment-store.ts'
import { ReceiptHead } from './receipt-head.tsx'
import { ReceiptPaper } from './receipt-paper.tsx'
import classes from './receipt-sheet.module.css'
import { type ReceiptPrinter, useReceiptPrinter } from './use-print-receipt.ts'
import { VoidReceipt } from './void-receipt.tsx'

type ReceiptOnTop = Extract<PaymentView, { readonly kind: 'receipt' }>

/** A receipt: its number, the change to hand back, and the paper (J3). */
export const ReceiptSheet = ({ view }: { readonly view: ReceiptOnTop }) => {
  const { show, close } = usePaymentSheet()
  const printer = useReceiptPrinter()
  const live = useLiveQuery(receiptsGet, { receipt_id: view.receiptId })
  const isFirstPrint = view.isNew && printer.done === undefined
  const may = useMay()
  // Enter belongs to the one or to the other.
  const [isVoiding, setVoiding] = useState(false)

  const print = (): void => void printer.print(view.receiptId, !isFirstPrint)
  const leave = (): void => {
    if (isFirstPrint) void printer.notNeeded(view.receiptId)
    if (view.isNew) close()
    else show({ kind: 'history', familyId: view.familyId })
  }
  useEscape(leave)
  useKeys({ P: print }, { isActive: live.state === 'ready' && !isVoiding })

  const receipt = live.state === 'ready' ? live.data : undefined
  return (
    <Sheet
      label={receipt ? `Receipt ${receipt.label}` : 'Receipt'}
      title={view.isNew ? 'Payment saved' : 'Receipt'}
      onClose={leave}
      footer={receipt && !isVoiding && <ReceiptFoot isFirstPrint={isFirstPrint} onPrint={print} onDone={leave} />}
    >
      {live.state === 'failed' && <Notice tone="danger">{errorText(live.error)}</Notice>}
      {receipt && (
        <div className={classes['content']}>
          <ReceiptHead receipt={receipt} isNew={view.isNew} />
          <Printing printer={printer} />
          <ReceiptPaper receipt={receipt} isCopy={!view.isNew} />
          {canVoid(receipt, may('payments.void')) && (
            <VoidReceipt receipt={receipt} isOpen={isVoiding} onOpen={setVoiding} />
          )}
        </div>
      )}
    </Sheet>
  )
}

const canVoid = (receipt: ReceiptView, mayVoid: boolean): boolean => mayVoid && receipt.void === null

const Printing = ({ printer: { error, done } }: { readonly printer: ReceiptPrinter }) => {
  if (error) {
    return (
      <Notice tone="danger" title="Not printed." isUrgent>
        {`${errorText(error)} The payment is saved; print again with P.`}
      </Notice>
    )
  }
  if (done === 'shown') return <Notice tone="good">The receipt is open as a PDF. Print it from there.</Notice>
  return done === 'printed' ? <Notice tone="good">Printed.</Notice> : null
}

interface ReceiptFootProps {
  readonly isFirstPrint: boolean
  readonly onPrint: () => void
  readonly onDone: () => void
}

const ReceiptFoot = ({ isFirstPrint, onPrint, onDone }: ReceiptFootProps) => {
  const { paper, setPaper } = usePayments()
  const done = useRef<HTMLButtonElement>(null)
  useEffect(() => done.current?.focus(), [])
  return (
    <>
      <SegmentedControl
        size="sm"
        aria-label="Paper"
        value={paper}
        onChange={(value) => setPaper(value === 'a4' ? 'a4' : '80mm')}
        data={[
          { value: '80mm', label: '80 mm' },
          { value: 'a4', label: 'A4' },
        ]}
      />
      <Button
        ml="auto"
        size="md"
        variant="default"
        leftSection={<IconPrinter size={18} aria-hidden="true" />}
        rightSection={<KeyHint>P</KeyHint>}
        aria-keyshortcuts="P"
        onClick={onPrint}
      >
        {isFirstPrint ? 'Print receipt' : 'Print a copy'}
      </Button>
      <Button ref={done} size="md" rightSection={<KeyHint>Enter</KeyHint>} aria-keyshortcuts="Enter" onClick={onDone}>
        Done
      </Button>
    </>
  )
}
