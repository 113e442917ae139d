import type { PrintJob } from '../../../src-shared/contract/ipc.ts'
import { call } from '../../app/bridge-call.ts'
import { useDesk } from '../../app/desk.ts'
import { useSession } from '../../app/use-app-state.ts'
import { useNow } from '../../app/use-now.ts'
import { isUnprinted, usePrintJobs } from '../../app/use-print-jobs.ts'
import { momentText } from '../../texts/when.ts'
import { Chip } from '../../ui/chip.tsx'
import classes from './sync-screen.module.css'

/** Receipts that were paid for and never came on paper, after a restart or a printer that failed (J3). */
export const Unprinted = () => {
  const jobs = usePrintJobs().filter(isUnprinted)
  if (jobs.length === 0) return null
  return (
    <section className={classes['section']} aria-label="Not printed">
      <h2>Receipts not printed</h2>
      <ul className={classes['list']}>
        {jobs.map((job) => (
          <UnprintedItem key={job.id} job={job} />
        ))}
      </ul>
    </section>
  )
}

const UnprintedItem = ({ job }: { readonly job: PrintJob }) => {
  const { bridge } = useDesk()
  const { facility } = useSession()
  const now = useNow()
  return (
    <li className={classes['waiting']} aria-label={job.label}>
      <time>{momentText(job.at, now, facility)}</time>
      <span className={classes['words']}>
        {job.label} {job.state === 'failed' && <Chip tone="warn">The printer failed</Chip>}
      </span>
      <button
        type="button"
        className={classes['button']}
        onClick={() => void call(bridge, 'print.settle', { id: job.id, state: 'dismissed' })}
      >
        Not needed
      </button>
    </li>
  )
}
