import { useState } from 'react'
import type { ErrorData } from '../../../src-shared/errors.ts'
import { call } from '../../app/bridge-call.ts'
import { useDesk } from '../../app/desk.ts'
import { usePrintJobs } from '../../app/use-print-jobs.ts'
import { usePayments } from './payment-store.ts'

export interface ReceiptPrinter {
  /** Prints, or shows the PDF where no printer can be reached from here. */
  readonly print: (receiptId: string, isCopy: boolean) => Promise<void>
  /** The family does not want the paper: it is not offered again. */
  readonly notNeeded: (receiptId: string) => Promise<void>
  readonly error: ErrorData | undefined
  /** What the last print did. */
  readonly done: 'printed' | 'shown' | undefined
}

export const useReceiptPrinter = (): ReceiptPrinter => {
  const { bridge } = useDesk()
  const jobs = usePrintJobs()
  const paper = usePayments((payments) => payments.paper)
  const [error, setError] = useState<ErrorData>()
  const [done, setDone] = useState<ReceiptPrinter['done']>()

  const settle = async (receiptId: string, state: 'printed' | 'dismissed'): Promise<void> => {
    for (const job of jobs) {
      if (job.receipt_id === receiptId) await call(bridge, 'print.settle', { id: job.id, state })
    }
  }

  return {
    error,
    done,
    print: async (receipt_id, copy) => {
      const reply = await call(bridge, 'print.receipt', { receipt_id, paper, copy })
      if (!reply.ok) {
        setError(reply.error)
        return
      }
      setError(undefined)
      if (!reply.value.printed) showPdf(reply.value.pdf, receipt_id)
      setDone(reply.value.printed ? 'printed' : 'shown')
      await settle(receipt_id, 'printed')
    },
    notNeeded: (receiptId) => settle(receiptId, 'dismissed'),
  }
}

/** A minute is enough for the browser to have opened it. */
const keepUrlMs = 60_000

/** Opens the PDF beside the window; where that is not allowed, saves it. */
const showPdf = (base64: string, name: string): void => {
  const blob = new Blob([Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0))], { type: 'application/pdf' })
  const url = URL.createObjectURL(blob)
  if (!window.open(url, '_blank')) {
    const link = document.createElement('a')
    link.href = url
    link.download = `${name}.pdf`
    link.click()
  }
  setTimeout(() => URL.revokeObjectURL(url), keepUrlMs)
}
