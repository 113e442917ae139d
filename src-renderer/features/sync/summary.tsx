import { IconCloudCheck, IconShieldCheck } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { SyncStatus } from '../../../src-shared/contract/ipc.ts'
import { useSession } from '../../app/use-app-state.ts'
import { useNow } from '../../app/use-now.ts'
import { useServerTime } from '../../app/use-server-time.ts'
import { errorText } from '../../texts/errors.ts'
import { agoText, otherDaysText, receivedText, sentText } from '../../texts/proof.ts'
import { momentText } from '../../texts/when.ts'
import { Notice } from '../../ui/notice.tsx'
import classes from './sync-screen.module.css'

const headline = ({ waiting, online }: SyncStatus): string => {
  if (waiting === 0) return 'Everything from this computer is on the server.'
  const changes = waiting === 1 ? '1 change is' : `${waiting} changes are`
  return online
    ? `${changes} saved here and on the way to the server.`
    : `${changes} saved here and waiting for the internet.`
}

/** Both directions, what waits, and how the line is (DESIGN.md §6.2). */
export const Summary = ({ status }: { readonly status: SyncStatus }) => {
  const { facility, till } = useSession()
  const now = useNow()
  const serverTime = useServerTime()
  const { waiting, online, sent_up_to, received_up_to, problem, last_problem } = status
  const otherDays = otherDaysText(status, facility)
  const behind = received_up_to === null ? undefined : agoText(received_up_to, serverTime)
  const Icon = waiting === 0 ? IconCloudCheck : IconShieldCheck
  return (
    <section className={classes['summary']} aria-label="Summary">
      <p className={classes['headline']}>
        <Icon size={28} stroke={1.6} aria-hidden="true" />
        {headline(status)}
      </p>
      <dl className={classes['facts']}>
        <Fact name="To the server">{sentText(status, now, facility)}</Fact>
        <Fact name="From the server">
          {otherDays ?? receivedText(status, now, facility)}
          {otherDays === undefined && behind !== undefined && (
            <span className={classes['ago']}> That was {behind} ago.</span>
          )}
        </Fact>
      </dl>
      <dl className={classes['facts']}>
        <Fact name="Waiting">
          {waiting === 0 ? 'Nothing' : waiting.toLocaleString(facility.locale)}
          {waiting > 0 && sent_up_to !== null && `, the oldest from ${momentText(sent_up_to, now, facility)}`}
        </Fact>
        <Fact name="Connection">{online ? 'Online' : 'Offline'}</Fact>
        <Fact name="Till">{till.code}</Fact>
      </dl>
      {problem && <Notice tone="warn">{errorText(problem)}</Notice>}
      {!problem && last_problem && (
        <p className={classes['past']}>
          At {momentText(last_problem.at, now, facility)} there was a problem, over by now: “
          {errorText(last_problem.error)}”
        </p>
      )}
    </section>
  )
}

const Fact = ({ name, children }: { readonly name: string; readonly children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
