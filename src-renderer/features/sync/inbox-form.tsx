import { Button, Textarea } from '@mantine/core'
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import type { ErrorData } from '../../../src-shared/errors.ts'
import { useEscape } from '../../app/use-escape.ts'
import { errorText } from '../../texts/errors.ts'
import { KeyHint } from '../../ui/key-hint.tsx'
import { Notice } from '../../ui/notice.tsx'
import classes from './inbox.module.css'

interface InboxFormProps {
  readonly label: string
  readonly children: ReactNode
  /** What the button does. */
  readonly action: string
  readonly isDanger?: boolean
  /** Whether it can be done as it is; a field that is wrong says so itself. */
  readonly onCommit: () => Promise<ErrorData | undefined>
  readonly onClose: () => void
}

/** What has to be said before an item is settled, in its place in the list. Escape loses nothing but the form. */
export const InboxForm = ({ label, children, action, isDanger = false, onCommit, onClose }: InboxFormProps) => {
  const form = useRef<HTMLDivElement>(null)
  const [error, setError] = useState<ErrorData>()
  const [isBusy, setBusy] = useState(false)
  useEscape(onClose)
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('input, textarea, select')?.focus()
    form.current?.scrollIntoView({ block: 'nearest' })
  }, [])

  const commit = async (): Promise<void> => {
    if (isBusy) return
    setBusy(true)
    setError(await onCommit())
    setBusy(false)
  }
  const press = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.repeat || event.target instanceof HTMLButtonElement) return
    event.preventDefault()
    void commit()
  }
  return (
    // Enter in any of its fields.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div className={classes['form']} role="group" aria-label={label} onKeyDown={press} ref={form}>
      <div className={classes['fields']}>{children}</div>
      {error && <Notice tone="danger">{errorText(error)}</Notice>}
      <div className={classes['buttons']}>
        <Button variant="default" onClick={onClose} rightSection={<KeyHint>Esc</KeyHint>}>
          Not now
        </Button>
        <Button
          {...(isDanger && { color: 'red' })}
          rightSection={<KeyHint>Enter</KeyHint>}
          onClick={() => void commit()}
        >
          {action}
        </Button>
      </div>
    </div>
  )
}

interface ReasonProps {
  readonly reason: string
  readonly isMissing: boolean
  readonly onType: (reason: string) => void
}

export const Reason = ({ reason, isMissing, onType }: ReasonProps) => (
  <Textarea
    className={classes['wide'] ?? ''}
    label="Why"
    description="All desks see it."
    autosize
    minRows={1}
    maxLength={1000}
    value={reason}
    error={isMissing && 'Say why, in a few words.'}
    onChange={(event) => onType(event.currentTarget.value)}
  />
)
