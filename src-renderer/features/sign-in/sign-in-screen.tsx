import { useState } from 'react'
import type { AppState } from '../../../src-shared/contract/ipc.ts'
import { useSyncStatus } from '../../app/use-sync-status.ts'
import { Gate } from '../../ui/gate.tsx'
import { PasswordForm } from './password-form.tsx'
import { StaffPicks } from './staff-picks.tsx'
import classes from './sign-in-screen.module.css'

const offlineHint = (isOffline: boolean, knownCount: number): string => {
  if (!isOffline) return 'Sign in to open the desk.'
  return knownCount > 0
    ? 'No internet. Whoever has signed in here before can unlock with their password.'
    : 'No internet. The first sign-in on this computer needs it once.'
}

/** Who works at this desk now. */
export const SignInScreen = ({ state }: { readonly state: AppState }) => {
  const sync = useSyncStatus()
  const [picked, setPicked] = useState<string>()
  // Until somebody has unlocked this computer nothing asks the server, so nothing is known of the internet.
  const isOffline = sync.state === 'ready' && sync.data.received_up_to !== null && !sync.data.online
  const waiting = sync.state === 'ready' ? sync.data.waiting : 0
  const whatFor = sync.state === 'ready' && sync.data.online ? 'to be sent' : 'for the internet'

  return (
    <Gate
      title={state.device?.facility_name ?? 'Foyer'}
      hint={offlineHint(isOffline, state.known_staff.length)}
      footer={
        <>
          {state.device?.name}
          {waiting > 0 && ` · ${waiting} saved ${waiting === 1 ? 'change waits' : 'changes wait'} ${whatFor}`}
        </>
      }
    >
      <div className={classes['parts']}>
        {state.known_staff.length > 0 && <StaffPicks staff={state.known_staff} picked={picked} onPick={setPicked} />}
        <PasswordForm key={picked ?? ''} name={picked ?? ''} />
      </div>
    </Gate>
  )
}
