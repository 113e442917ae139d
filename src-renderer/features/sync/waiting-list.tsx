import { IconCircleCheck } from '@tabler/icons-react'
import type { WaitingMutation } from '../../../src-shared/contract/ipc.ts'
import { useSession } from '../../app/use-app-state.ts'
import { useNow } from '../../app/use-now.ts'
import { commandText, type Wording } from '../../texts/commands.ts'
import { errorText } from '../../texts/errors.ts'
import { momentText } from '../../texts/when.ts'
import { Chip } from '../../ui/chip.tsx'
import { Empty } from '../../ui/empty.tsx'
import classes from './sync-screen.module.css'

interface WaitingListProps {
  readonly items: readonly WaitingMutation[]
  readonly wording: Wording
}

/** More lines than anybody reads; the count above says how many there are. */
const maxShown = 200

/** What is saved here and not yet decided by the server, in the order in which it is sent. */
export const WaitingList = ({ items, wording }: WaitingListProps) => {
  const { facility } = useSession()
  const now = useNow()
  return (
    <section className={classes['section']} aria-label="Waiting">
      <h2>Waiting to be sent</h2>
      {items.length === 0 && (
        <Empty icon={IconCircleCheck} title="Nothing is waiting">
          What you do without internet is listed here until the server has it.
        </Empty>
      )}
      <ul className={classes['list']}>
        {items.slice(0, maxShown).map((item) => (
          <li key={item.id} className={classes['waiting']}>
            <time>{momentText(item.at, now, facility)}</time>
            <span className={classes['words']}>
              {commandText(item.command, item.args, wording).text}
              {item.local_error && (
                <span className={classes['doubt']}>
                  <Chip tone="warn">Will need you</Chip> {errorText(item.local_error)}
                </span>
              )}
            </span>
            <bdi className={classes['by']}>{wording.names[item.staff_id] ?? ''}</bdi>
          </li>
        ))}
      </ul>
      {items.length > maxShown && <p className={classes['who']}>And {items.length - maxShown} more.</p>}
    </section>
  )
}
