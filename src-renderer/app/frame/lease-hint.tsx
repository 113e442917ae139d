import { IconKey } from '@tabler/icons-react'
import type { InstantText } from '../../../src-shared/time.ts'
import { momentText } from '../../texts/when.ts'
import { useSession } from '../use-app-state.ts'
import { useServerTime } from '../use-server-time.ts'
import classes from './status-line.module.css'

/** A person hears of it this long before money and medical facts are locked. */
const hintFromMs = 3 * 24 * 60 * 60 * 1000

/** Near its end, or after it, the sign-in needs the internet once. Until then nobody needs to know. */
export const LeaseHint = ({ until }: { readonly until: InstantText }) => {
  const now = useServerTime()
  const { facility } = useSession()
  if (Date.parse(until) - Date.parse(now) > hintFromMs) return null
  return (
    <span className={classes['fact']} data-tone="warn">
      <IconKey size={16} aria-hidden="true" />
      {until > now
        ? `Sign in with internet before ${momentText(until, now, facility)}`
        : 'Sign in with internet: money and medical facts are locked'}
    </span>
  )
}
