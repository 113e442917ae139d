import { useState } from 'react'
import type { SyncStatus } from '../../../src-shared/contract/ipc.ts'
import { call } from '../../app/bridge-call.ts'
import { useDesk } from '../../app/desk.ts'
import { useMay, useSession } from '../../app/use-app-state.ts'
import { LineButton } from '../../ui/line-button.tsx'
import { Notice } from '../../ui/notice.tsx'

/** Much was deleted on the server at once: it stays here until a manager has looked (FAULTS S11). */
export const HeldRemoval = ({ held }: { readonly held: NonNullable<SyncStatus['held']> }) => {
  const { bridge, syncStatus } = useDesk()
  const isManager = useMay()('payments.void')
  const { locale } = useSession().facility
  const [isSending, setSending] = useState(false)
  const number = (value: number): string => value.toLocaleString(locale)

  const accept = async (): Promise<void> => {
    setSending(true)
    const reply = await call(bridge, 'sync.accept_removal', null)
    if (reply.ok) await syncStatus.load()
    setSending(false)
  }
  const button = (
    <LineButton disabled={isSending} onClick={() => void accept()}>
      Remove them here too
    </LineButton>
  )
  return (
    <Notice
      tone="danger"
      title={`The server deleted ${number(held.removed)} of ${number(held.rows)} records at once`}
      action={isManager ? button : undefined}
    >
      They are still on this computer. Keep working: everything you do is saved and sent. Nothing new is received until{' '}
      {isManager ? 'you' : 'a manager'} confirm{isManager ? '' : 's'} that this was meant.
    </Notice>
  )
}
