import { VisuallyHidden } from '@mantine/core'
import {
  IconAlertTriangle,
  IconCloudCheck,
  IconCloudDownload,
  IconCloudOff,
  IconCloudUpload,
  IconPrinter,
  IconShieldCheck,
} from '@tabler/icons-react'
import { useLocation } from 'wouter'
import type { SyncStatus } from '../../../src-shared/contract/ipc.ts'
import { inboxCount } from '../../../src-shared/queries/inbox-count.ts'
import { heldText, otherDaysText } from '../../texts/proof.ts'
import { momentText } from '../../texts/when.ts'
import { useSession } from '../use-app-state.ts'
import { useLiveQuery } from '../use-live-query.ts'
import { useNow } from '../use-now.ts'
import { isUnprinted, usePrintJobs } from '../use-print-jobs.ts'
import { useSyncStatus } from '../use-sync-status.ts'
import { LeaseHint } from './lease-hint.tsx'
import type { Action } from './palette.tsx'
import { PersonMenu } from './person-menu.tsx'
import classes from './status-line.module.css'

const plural = (count: number, one: string, many: string): string => (count === 1 ? `1 ${one}` : `${count} ${many}`)

const waitingText = ({ waiting, online }: SyncStatus): string => {
  if (waiting === 0) return 'Nothing waiting'
  return `${plural(waiting, 'change', 'changes')} waiting${online ? '' : ' for the internet'}`
}

/** Also when it could not be done yet. */
const isBeingMended = ({ health: { activity, different } }: SyncStatus): boolean =>
  activity === 'mending' || activity === 'renewing' || different.length > 0

interface StatusLineProps {
  readonly onPalette: () => void
  /** What can be done with the window and the sign-in. */
  readonly actions: readonly Action[]
}

/** Always there: where we are, who works here, and both directions of sync (JOURNEYS). Opens the page behind it. */
export const StatusLine = ({ onPalette, actions }: StatusLineProps) => {
  const [location, navigate] = useLocation()
  const session = useSession()
  // Escape on the page goes back to where the person was.
  const openSync = (): void => navigate('/sync', location === '/sync' ? {} : { state: location })
  const unprinted = usePrintJobs().filter(isUnprinted).length

  return (
    <footer className={classes['line']} aria-label="Status">
      <button type="button" className={classes['part']} onClick={openSync}>
        <VisuallyHidden>Sync status: </VisuallyHidden>
        <SyncFacts />
      </button>
      {unprinted > 0 && (
        <button type="button" className={classes['part']} data-tone="warn" onClick={openSync}>
          <IconPrinter size={16} aria-hidden="true" />
          {plural(unprinted, 'receipt', 'receipts')} not printed
        </button>
      )}
      <span className={classes['space']} />
      <span className={classes['fact']}>{session.facility.name}</span>
      <span className={`${classes['fact']} ${classes['till']}`}>Till {session.till.code}</span>
      <LeaseHint until={session.lease_not_after} />
      <PersonMenu name={session.name} actions={actions} />
      <button
        type="button"
        className={`${classes['part']} ${classes['commands']}`}
        onClick={onPalette}
        aria-keyshortcuts="Control+K"
      >
        Commands <kbd>Ctrl K</kbd>
      </button>
    </footer>
  )
}

const SyncFacts = () => {
  const live = useSyncStatus()
  if (live.state !== 'ready') return <span className={classes['fact']}>Saved on this computer</span>

  const status = live.data
  return (
    <>
      <span className={classes['fact']}>
        <IconShieldCheck size={16} aria-hidden="true" />
        Saved on this computer
      </span>
      <span className={classes['fact']} data-tone={status.waiting > 0 && !status.online ? 'warn' : undefined}>
        {status.waiting > 0 && <IconCloudUpload size={16} aria-hidden="true" />}
        {waitingText(status)}
      </span>
      <Received status={status} />
      <span className={classes['fact']} data-tone={status.online ? 'good' : 'warn'}>
        {status.online ? (
          <IconCloudCheck size={16} aria-hidden="true" />
        ) : (
          <IconCloudOff size={16} aria-hidden="true" />
        )}
        {status.online ? 'Online' : 'Offline'}
      </span>
      {isBeingMended(status) && (
        <span className={classes['fact']} data-tone="warn">
          <IconAlertTriangle size={16} aria-hidden="true" />
          Putting right what differs from the server
        </span>
      )}
      <NeedsYou />
    </>
  )
}

/** Up to when this computer has what others did, and what stands in the way of more. */
const Received = ({ status }: { readonly status: SyncStatus }) => {
  const now = useNow()
  const { facility } = useSession()
  const held = heldText(status)
  const otherDays = otherDaysText(status, facility)
  if (held !== undefined) {
    return (
      <span className={classes['fact']} data-tone="danger">
        <IconAlertTriangle size={16} aria-hidden="true" />
        {held}
      </span>
    )
  }
  if (otherDays !== undefined) {
    return (
      <span className={classes['fact']}>
        <IconCloudDownload size={16} aria-hidden="true" />
        {otherDays}
      </span>
    )
  }
  const at = status.received_up_to
  return (
    <span className={classes['fact']}>
      {at ? `Received up to ${momentText(at, now, facility)}` : 'Nothing received yet'}
    </span>
  )
}

/** Of the inbox of the facility: what this person can settle, or did. */
const NeedsYou = () => {
  const count = useLiveQuery(inboxCount, {}, { keepPrevious: true })
  const needed = count.state === 'ready' ? count.data.needs_you : 0
  if (needed === 0) return null
  return (
    <span className={classes['fact']} data-tone="danger">
      <IconAlertTriangle size={16} aria-hidden="true" />
      {plural(needed, 'change needs', 'changes need')} you
    </span>
  )
}
