import { Button } from '@mantine/core'
import { IconPrinter } from '@tabler/icons-react'
import { usePaymentSheet } from '../../app/payment-sheet.ts'
import { isUnprinted, usePrintJobs } from '../../app/use-print-jobs.ts'
import { errorText } from '../../texts/errors.ts'
import { Notice } from '../../ui/notice.tsx'
import classes from './unprinted-receipts.module.css'
import { useReceiptPrinter } from './use-print-receipt.ts'

/** What was paid but not printed is offered, also after a restart (J3). Not the receipt that is being handed out now. */
export const UnprintedReceipts = () => {
  const view = usePaymentSheet((sheet) => sheet.view)
  const printer = useReceiptPrinter()
  const shownNow = view?.kind === 'receipt' ? view.receiptId : undefined
  const jobs = usePrintJobs().filter((job) => isUnprinted(job) && job.receipt_id !== shownNow)
  if (jobs.length === 0) return null

  return (
    <section className={classes['place']} aria-label="Receipts not printed">
      {jobs.slice(0, 3).map((job) => (
        <Notice
          key={job.id}
          tone="warn"
          icon={IconPrinter}
          title={`Receipt ${job.label} is not printed`}
          action={
            <span className={classes['buttons']}>
              <Button size="compact-sm" onClick={() => void printer.print(job.receipt_id, false)}>
                Print
              </Button>
              <Button size="compact-sm" variant="default" onClick={() => void printer.notNeeded(job.receipt_id)}>
                Not needed
              </Button>
            </span>
          }
        >
          {printer.error && errorText(printer.error)}
        </Notice>
      ))}
      {jobs.length > 3 && <span className={classes['more']}>and {jobs.length - 3} more</span>}
    </section>
  )
}
