import { IconCheck, IconChevronRight } from '@tabler/icons-react'
import type { TodaysSession } from '../../../src-shared/queries/sessions.ts'
import { Chip } from '../../ui/chip.tsx'
import { KeyHint } from '../../ui/key-hint.tsx'
import classes from './session-row.module.css'

interface SessionRowProps {
  readonly session: TodaysSession
  readonly rowProps: {
    readonly ref: (element: HTMLElement | null) => void
    readonly tabIndex: 0 | -1
    readonly onFocus: () => void
  }
  readonly onOpen: () => void
}

/** One session on one line: when, what, where, how far its roll is. */
export const SessionRow = ({ session, rowProps, onOpen }: SessionRowProps) => (
  <button type="button" className={classes['row']} data-phase={session.phase} onClick={onOpen} {...rowProps}>
    <span className={classes['time']}>
      <strong>{session.starts_at}</strong>
      <span>{session.ends_at}</span>
    </span>
    <span className={classes['bar']} style={{ background: session.program_color }} />
    <span className={classes['what']}>
      <span className={classes['name']}>
        <bdi>{session.class_name}</bdi>
        {session.is_mine && <Chip tone="info">Yours</Chip>}
      </span>
      <span className={classes['where']}>
        {[session.space_name, session.instructor_name ?? 'No instructor', session.program_name]
          .filter((part) => part !== null)
          .join(' · ')}
      </span>
    </span>
    <span className={classes['fact']}>
      <strong>{session.checked_in}</strong> of {session.booked} in
    </span>
    <RollState session={session} />
    <span className={classes['open']}>
      <KeyHint>↵</KeyHint>
      <IconChevronRight size={18} aria-hidden="true" />
    </span>
  </button>
)

const RollState = ({ session }: { readonly session: TodaysSession }) => {
  if (session.is_cancelled) return <span className={classes['state']}>Cancelled</span>
  if (session.roll_closed_at)
    return (
      <span className={classes['state']} data-state="closed">
        <IconCheck size={16} stroke={2.4} aria-hidden="true" /> Roll closed
      </span>
    )
  const isOpenStill = session.phase === 'past' && session.booked > 0
  return (
    <span className={classes['state']} data-state={isOpenStill ? 'late' : undefined}>
      <span className={classes['track']} aria-hidden="true">
        <span style={{ width: `${(100 * session.marked) / Math.max(1, session.booked)}%` }} />
      </span>
      {isOpenStill ? 'Roll open · ' : ''}
      {session.marked} of {session.booked} marked
    </span>
  )
}
