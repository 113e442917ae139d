import { useState } from 'react'
import type { InboxItem } from '../../../src-shared/queries/inbox.ts'
import { Notice } from '../../ui/notice.tsx'
import { InboxForm, Reason } from './inbox-form.tsx'
import type { Settle } from './use-settle.ts'

interface DropFormProps {
  readonly item: InboxItem
  readonly text: string
  readonly drop: Settle['drop']
  readonly onClose: () => void
}

/** Gives up what was asked. There is no undo, so the button says what happens (LOOK 6). */
export const DropForm = ({ item, text, drop, onClose }: DropFormProps) => {
  const [reason, setReason] = useState('')
  const [isAsked, setAsked] = useState(false)
  const isMissing = reason.trim() === ''

  const commit = async () => {
    setAsked(true)
    return isMissing ? undefined : drop(reason.trim())
  }
  return (
    <InboxForm label={`Drop: ${text}`} action="Drop it" isDanger onCommit={commit} onClose={onClose}>
      {item.is_money_unbooked && (
        <Notice tone="danger" title="This money will be in no book.">
          Only drop it when the money is not in the till, or was given back.
        </Notice>
      )}
      <Reason reason={reason} isMissing={isAsked && isMissing} onType={setReason} />
    </InboxForm>
  )
}
