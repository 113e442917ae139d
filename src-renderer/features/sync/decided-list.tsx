import { useLocation } from 'wouter'
import type { DecidedMutation } from '../../../src-shared/contract/ipc.ts'
import { call } from '../../app/bridge-call.ts'
import { useDesk } from '../../app/desk.ts'
import { useScannedFamily } from '../../app/scanned-family.ts'
import { useMay, useSession } from '../../app/use-app-state.ts'
import { useNow } from '../../app/use-now.ts'
import { commandText, type Remedy, type Wording } from '../../texts/commands.ts'
import { errorText } from '../../texts/errors.ts'
import { momentText } from '../../texts/when.ts'
import { Chip } from '../../ui/chip.tsx'
import classes from './sync-screen.module.css'

interface DecidedListProps {
  readonly items: readonly DecidedMutation[]
  readonly wording: Wording
}

/** What the server did not do as it was sent. It stays here until somebody has read it. */
export const DecidedList = ({ items, wording }: DecidedListProps) => (
  <section className={classes['section']} aria-label="Needs you">
    <h2>Needs you</h2>
    <ul className={classes['list']}>
      {items.map((item) => (
        <DecidedItem key={item.id} item={item} wording={wording} />
      ))}
    </ul>
  </section>
)

const DecidedItem = ({ item, wording }: { readonly item: DecidedMutation; readonly wording: Wording }) => {
  const { bridge, syncStatus } = useDesk()
  const { facility } = useSession()
  const now = useNow()
  const { text, remedy } = commandText(item.command, item.args, wording)
  const isRefused = item.outcome === 'refused'

  const close = async (): Promise<void> => {
    const reply = await call(bridge, 'sync.close_decided', { id: item.id })
    if (reply.ok) await syncStatus.load()
  }
  return (
    <li className={classes['decided']} aria-label={text}>
      <div className={classes['what']}>
        <strong>{text}</strong>
        <Chip tone={isRefused ? 'danger' : 'warn'}>{isRefused ? 'Not accepted' : 'Merged'}</Chip>
      </div>
      <p className={classes['why']}>{errorText(item.error)}</p>
      <p className={classes['who']}>
        Entered {momentText(item.at, now, facility)} by <bdi>{wording.names[item.staff_id] ?? 'somebody'}</bdi> ·{' '}
        {isRefused ? 'answered' : 'merged'} {momentText(item.decided_at, now, facility)}
      </p>
      <div className={classes['actions']}>
        {remedy && <RemedyButton remedy={remedy} />}
        <button type="button" className={classes['button']} onClick={() => void close()}>
          Mark as read
        </button>
      </div>
    </li>
  )
}

const RemedyButton = ({ remedy }: { readonly remedy: Remedy }) => {
  const [, navigate] = useLocation()
  const may = useMay()
  const showFamily = useScannedFamily((family) => family.show)

  if (remedy.kind === 'roll')
    return may('classes.read') ? (
      <button type="button" className={classes['button']} onClick={() => navigate(`/classes/${remedy.sessionId}`)}>
        Open the roll
      </button>
    ) : null
  const open = (): void => {
    showFamily(remedy.familyId)
    navigate('/counter')
  }
  return may('check_ins.record') ? (
    <button type="button" className={classes['button']} onClick={open}>
      Open the family
    </button>
  ) : null
}
