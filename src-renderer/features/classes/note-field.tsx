import { TextInput } from '@mantine/core'
import { type KeyboardEvent, useRef, useState } from 'react'
import { useEscape } from '../../app/use-escape.ts'
import { useEarlyTyping } from '../../ui/use-early-typing.ts'
import classes from './note-field.module.css'

interface NoteFieldProps {
  readonly note: string
  /** With what was typed, however the field was left: Escape loses nothing. */
  readonly onDone: (note: string) => void
}

/** A line for one child in this session. */
export const NoteField = ({ note, onDone }: NoteFieldProps) => {
  const [text, setText] = useState(note)
  useEarlyTyping((letter) => setText((typed) => typed + letter))
  // Leaving by a key takes the focus away, which leaves it a second time.
  const isDone = useRef(false)
  const finish = (): void => {
    if (isDone.current) return
    isDone.current = true
    onDone(text)
  }
  useEscape(finish)

  const press = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter') return
    event.preventDefault()
    finish()
  }
  return (
    <TextInput
      className={classes['field']}
      size="md"
      aria-label="Note"
      placeholder="Note for this session"
      value={text}
      maxLength={1000}
      onChange={(change) => setText(change.currentTarget.value)}
      onKeyDown={press}
      onBlur={finish}
      autoFocus
    />
  )
}
