import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { AppState } from '../../../src-shared/contract/ipc.ts'
import { useSignOut } from '../../app/use-sign-out.ts'
import { useSyncStatus } from '../../app/use-sync-status.ts'
import { errorText } from '../../texts/errors.ts'
import { Gate } from '../../ui/gate.tsx'
import { Notice } from '../../ui/notice.tsx'
import classes from './first-sync.module.css'

/** The first connection takes a moment; only after it there is something to say. */
const patienceMs = 5000

const useHasWaited = (ms: number): boolean => {
  const [hasWaited, setWaited] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), ms)
    return () => clearTimeout(timer)
  }, [ms])
  return hasWaited
}

/** The first download. It counts what has come, and of how much where the server has said so. */
export const FirstSync = ({ state }: { readonly state: AppState }) => {
  const sync = useSyncStatus()
  const signOut = useSignOut()
  const status = sync.state === 'ready' ? sync.data : undefined
  const hasWaited = useHasWaited(patienceMs)
  const total = state.rows_total
  const isStuck = status !== undefined && (status.problem !== null || (!status.online && hasWaited))

  return (
    <Gate
      title="Getting your facility ready"
      hint="Families, classes and balances are copied to this computer once. After that it works without internet."
    >
      <output className={classes['count']}>
        <strong>{state.rows_received.toLocaleString()}</strong>
        <span>{total === null ? 'records received' : `of ${total.toLocaleString()} records`}</span>
      </output>
      {total === null ? (
        <div className={classes['bar']} data-stuck={isStuck || undefined} />
      ) : (
        <progress
          className={classes['measured']}
          max={total}
          value={state.rows_received}
          aria-label="Records received"
        />
      )}
      {isStuck && (
        <Notice tone="warn" title={status.online ? 'It cannot go on.' : 'No connection to the server.'}>
          {status.problem ? errorText(status.problem) : 'It goes on from here as soon as there is internet.'}
        </Notice>
      )}
      <Button variant="default" size="sm" mt="md" onClick={() => void signOut()}>
        Sign out
      </Button>
    </Gate>
  )
}
