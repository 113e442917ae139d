import type { ReactNode } from 'react'
import { useLocation } from 'wouter'
import { useHistoryState } from 'wouter/use-browser-location'
import type { WaitingMutation } from '../../../src-shared/contract/ipc.ts'
import { namesOf } from '../../../src-shared/queries/names.ts'
import { useSession } from '../../app/use-app-state.ts'
import { useEscape } from '../../app/use-escape.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { useSyncList } from '../../app/use-sync-list.ts'
import { useSyncStatus } from '../../app/use-sync-status.ts'
import { idsIn } from '../../../src-shared/ids.ts'
import type { Wording } from '../../texts/commands.ts'
import { BackButton } from '../../ui/back-button.tsx'
import { InboxList } from './inbox-list.tsx'
import { HeldRemoval } from './held-removal.tsx'
import { Proof } from './proof.tsx'
import { Summary } from './summary.tsx'
import classes from './sync-screen.module.css'
import { WaitingList } from './waiting-list.tsx'

const maxNames = 2000

const useWording = (lists: readonly WaitingMutation[]): Wording => {
  const { facility } = useSession()
  const ids = [...new Set(lists.flatMap((item) => [item.staff_id, ...idsIn(item.args)]))].slice(0, maxNames)
  const names = useLiveQuery(namesOf, { ids }, { keepPrevious: true })
  return { names: names.state === 'ready' ? names.data : {}, currency: facility.currency, locale: facility.locale }
}

/** What is behind the status line: what waits, what was decided otherwise, and what others have to say (`notices`). */
export const SyncScreen = ({ notices }: { readonly notices: ReactNode }) => {
  const [, navigate] = useLocation()
  const cameFrom: unknown = useHistoryState()
  const goBack = (): void => navigate(typeof cameFrom === 'string' ? cameFrom : '/')
  useEscape(goBack)
  const live = useSyncStatus()
  const waiting = useSyncList('sync.waiting')
  const wording = useWording(waiting ?? [])

  return (
    <div className={classes['screen']}>
      <header className={classes['header']}>
        <BackButton onBack={goBack} />
        <h1>Saved and sent</h1>
      </header>
      {live.state === 'ready' && live.data.held && (
        <div className={classes['held']}>
          <HeldRemoval held={live.data.held} />
        </div>
      )}
      {live.state === 'ready' && <Summary status={live.data} />}
      {live.state === 'ready' && <Proof status={live.data} />}
      <InboxList waiting={waiting ?? []} />
      <div className={classes['notices']}>{notices}</div>
      {waiting && <WaitingList items={waiting} wording={wording} />}
    </div>
  )
}
