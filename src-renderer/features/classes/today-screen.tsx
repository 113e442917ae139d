import { IconCalendarOff } from '@tabler/icons-react'
import { useLocation } from 'wouter'
import { todaysSessions, type TodaysSession } from '../../../src-shared/queries/sessions.ts'
import { useMay, useSession } from '../../app/use-app-state.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { useNow } from '../../app/use-now.ts'
import { errorText } from '../../texts/errors.ts'
import { clockText, dayText } from '../../texts/when.ts'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { useCursor } from '../../ui/use-cursor.ts'
import { SessionRow } from './session-row.tsx'
import classes from './today-screen.module.css'

const sections = [
  ['now', 'Now'],
  ['later', 'Later today'],
  ['past', 'Earlier today'],
] as const

/** Own sessions first; the rest stays in order of time. */
const mineFirst = (a: TodaysSession, b: TodaysSession): number => Number(b.is_mine) - Number(a.is_mine)

/** Today's sessions: what is on now, what comes, what was. */
export const TodayScreen = () => {
  const now = useNow()
  const { facility } = useSession()
  const live = useLiveQuery(todaysSessions, { now }, { keepPrevious: true })

  if (live.state === 'failed') return <Notice tone="danger">{errorText(live.error)}</Notice>
  const today = live.state === 'ready' ? live.data : undefined
  return (
    <div className={classes['screen']}>
      <header className={classes['header']}>
        <h1>Classes</h1>
        <span className={classes['day']}>
          {today && dayText(today.date, facility.locale)} · <time>{clockText(now, facility)}</time>
        </span>
      </header>
      {today?.sessions.length === 0 && (
        <Empty icon={IconCalendarOff} title="No classes today">
          When a session is scheduled for today, it appears here by itself.
        </Empty>
      )}
      {today && today.sessions.length > 0 && <SessionList sessions={today.sessions} />}
    </div>
  )
}

const SessionList = ({ sessions }: { readonly sessions: readonly TodaysSession[] }) => {
  const [, navigate] = useLocation()
  // At the counter the clock orders the day; for who only teaches, their own sessions do.
  const isAtCounter = useMay()('check_ins.record')
  const groups = sections.map(([phase, title]) => {
    const inPhase = sessions.filter((session) => session.phase === phase)
    return { title, phase, sessions: isAtCounter && phase !== 'now' ? inPhase : inPhase.toSorted(mineFirst) }
  })
  const order = groups.flatMap((group) => group.sessions)
  const cursor = useCursor({ count: order.length })

  return groups
    .filter((group) => group.sessions.length > 0)
    .map(({ title, phase, sessions }) => (
      <section key={phase} className={classes['section']} data-phase={phase} aria-label={title}>
        <h2>{title}</h2>
        <ul className={classes['list']}>
          {sessions.map((session) => (
            <li key={session.id}>
              <SessionRow
                session={session}
                rowProps={cursor.rowProps(order.indexOf(session))}
                onOpen={() => navigate(`/${session.id}`)}
              />
            </li>
          ))}
        </ul>
      </section>
    ))
}
