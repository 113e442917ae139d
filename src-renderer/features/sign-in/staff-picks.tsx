import type { AppState } from '../../../src-shared/contract/ipc.ts'
import { Avatar } from '../../ui/avatar.tsx'
import classes from './sign-in-screen.module.css'

interface StaffPicksProps {
  readonly staff: AppState['known_staff']
  readonly picked: string | undefined
  readonly onPick: (signInName: string) => void
}

/** Who has signed in on this computer before: one press instead of a typed name. */
export const StaffPicks = ({ staff, picked, onPick }: StaffPicksProps) => (
  <fieldset className={classes['picks']}>
    <legend className={classes['legend']}>Who are you?</legend>
    {staff.map(({ sign_in_name, name }) => {
      const [first = '', ...rest] = name.split(' ')
      return (
        <button
          key={sign_in_name}
          type="button"
          className={classes['pick']}
          aria-pressed={picked === sign_in_name}
          onClick={() => onPick(sign_in_name)}
        >
          <Avatar first={first} last={rest.at(-1) ?? ''} size={28} />
          <bdi>{name}</bdi>
        </button>
      )
    })}
  </fieldset>
)
