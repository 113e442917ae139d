import { IconAlertTriangle, IconCircleCheck, IconClock, type TablerIcon } from '@tabler/icons-react'
import type { SyncStatus } from '../../../src-shared/contract/ipc.ts'
import { call } from '../../app/bridge-call.ts'
import { useDesk } from '../../app/desk.ts'
import { useSession } from '../../app/use-app-state.ts'
import { useNow } from '../../app/use-now.ts'
import { errorText } from '../../texts/errors.ts'
import { mendedText, proofText, skippedText, type Told } from '../../texts/proof.ts'
import { momentText } from '../../texts/when.ts'
import { LineButton } from '../../ui/line-button.tsx'
import classes from './sync-screen.module.css'

const icons: Readonly<Record<Told['tone'], TablerIcon>> = {
  plain: IconClock,
  good: IconCircleCheck,
  warn: IconAlertTriangle,
  danger: IconAlertTriangle,
}

/** Whether this computer holds what the server has, what was put right, and a button to look once more. */
export const Proof = ({ status }: { readonly status: SyncStatus }) => {
  const { bridge, syncStatus } = useDesk()
  const { facility } = useSession()
  const now = useNow()
  const { health } = status
  const told = proofText(status, now, facility)
  const skipped = skippedText(health)
  const Icon = icons[told.tone]
  const isUnderWay = health.activity !== 'none'

  const compare = async (): Promise<void> => {
    const reply = await call(bridge, 'sync.compare', null)
    if (reply.ok) await syncStatus.load()
  }

  return (
    <section className={classes['proof']} aria-label="Same as the server">
      <h2>Same as the server</h2>
      <div className={classes['told']}>
        <output className={classes['verdict']} data-tone={told.tone}>
          <Icon size={20} stroke={1.8} aria-hidden="true" />
          {told.text}
        </output>
        <LineButton aria-disabled={isUnderWay} onClick={() => void (isUnderWay || compare())}>
          Compare now
        </LineButton>
      </div>
      <div className={classes['track']}>
        {health.activity === 'comparing' && <progress value={health.progress} aria-label="Compared" />}
      </div>
      {skipped !== undefined && <p className={classes['past']}>{skipped}</p>}
      {!isUnderWay && health.problem && (
        <p className={classes['past']}>The last try did not work. {errorText(health.problem)}</p>
      )}
      {health.mended.length > 0 && (
        <ul className={classes['list']} aria-label="Put right">
          {health.mended.map((mended) => (
            <li key={mended.at} className={classes['mended']}>
              <time>{momentText(mended.at, now, facility)}</time>
              {mendedText(mended, facility)}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
