import { Checkbox } from '@mantine/core'
import { IconBan, IconCircleCheckFilled, IconClock, IconDoorExit } from '@tabler/icons-react'
import { useState } from 'react'
import { useSession } from '../../app/use-app-state.ts'
import { bookingKindTexts } from '../../texts/attendance.ts'
import { clockText } from '../../texts/when.ts'
import { Chip } from '../../ui/chip.tsx'
import { useCounter } from './counter-store.ts'
import { calledName, type Place } from './places.ts'
import classes from './place-row.module.css'

/** A child's session today: ticked or not, and whether the child is in. */
export const PlaceRow = ({ place }: { readonly place: Place }) => {
  const tick = useCounter((counter) => counter.tick)
  const { student, session, state, isTicked } = place
  const kind = bookingKindTexts[session.booking_kind]
  const canTick = state === 'to come'
  const [stateAtFirst] = useState(state)
  const where = [session.space_name, session.instructor_name && `with ${session.instructor_name}`].filter(Boolean)
  return (
    <label
      className={classes['place']}
      data-state={state}
      data-ticked={isTicked || undefined}
      data-changed={state !== stateAtFirst || undefined}
    >
      <span className={classes['tick']}>
        {canTick ? (
          <Checkbox
            size="md"
            checked={isTicked}
            aria-label={`${calledName(student)}, ${session.starts_at} ${session.class_name}`}
            onChange={(event) => tick(place.key, event.currentTarget.checked)}
          />
        ) : (
          <StateIcon state={state} />
        )}
      </span>
      <span className={classes['time']}>{session.starts_at}</span>
      <span className={classes['what']}>
        <span className={classes['class']}>
          <span className={classes['program']} style={{ background: session.program_color }} aria-hidden="true" />
          <bdi>{session.class_name}</bdi>
          {kind && <Chip tone="info">{kind}</Chip>}
        </span>
        <bdi className={classes['where']}>{where.join(' · ') || `until ${session.ends_at}`}</bdi>
      </span>
      <PlaceState place={place} />
    </label>
  )
}

const StateIcon = ({ state }: { readonly state: Place['state'] }) => {
  if (state === 'in') return <IconCircleCheckFilled size={24} aria-hidden="true" />
  if (state === 'out') return <IconDoorExit size={22} stroke={1.8} aria-hidden="true" />
  return <IconBan size={22} stroke={1.8} aria-hidden="true" />
}

/** The one word that says where the child is. */
const PlaceState = ({ place: { session, state } }: { readonly place: Place }) => {
  const { facility } = useSession()
  if (state === 'cancelled') return <span className={classes['state']}>Cancelled</span>
  if (session.out && state === 'out') {
    return <span className={classes['state']}>Left at {clockText(session.out.at, facility)}</span>
  }
  if (session.in) {
    return <span className={classes['state']}>In since {clockText(session.in.at, facility)}</span>
  }
  if (session.window === 'late') {
    return (
      <Chip tone="warn" icon={IconClock}>
        Late
      </Chip>
    )
  }
  if (session.window === 'over')
    return <span className={classes['state']}>{session.is_over ? 'Over' : 'Has begun'}</span>
  return <span className={classes['state']}>{session.window === 'early' ? 'Later today' : ''}</span>
}
