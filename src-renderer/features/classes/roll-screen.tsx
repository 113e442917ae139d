import { useLocation } from 'wouter'
import { classRoll } from '../../../src-shared/queries/roll.ts'
import { useEscape } from '../../app/use-escape.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { useNow } from '../../app/use-now.ts'
import { errorText } from '../../texts/errors.ts'
import { Notice } from '../../ui/notice.tsx'
import { RollView } from './roll-view.tsx'
import classes from './roll-view.module.css'

/** The roll of one session. Escape goes back to the list. */
export const RollScreen = ({ sessionId }: { readonly sessionId: string }) => {
  const [, navigate] = useLocation()
  const now = useNow()
  const live = useLiveQuery(classRoll, { session_id: sessionId, now }, { keepPrevious: true })
  const goBack = (): void => navigate('/')
  useEscape(goBack)

  if (live.state === 'loading') return <div className={classes['screen']} />
  if (live.state === 'failed')
    return (
      <div className={classes['problem']}>
        <Notice tone="danger" isUrgent>
          {errorText(live.error)}
        </Notice>
      </div>
    )
  return <RollView roll={live.data} onBack={goBack} />
}
