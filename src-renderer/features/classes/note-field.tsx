import { TextInput } from '@mantine/core'
import { type KeyboardEvent, useState } from 'react'
import { useEscape } from '../../app/use-escape.ts'
import classes from './note-field.module.css'

interface NoteFieldProps {
  readonly note: string
  /** With what was typed, however the field was left: Escape loses nothing. */
  readonly onDone: (note: string) => void
}

/** A line for one child in this session. */
export const NoteField = ({ note, onDone }: NoteFieldProps) => {
  const [text, setText] = useState(note)
  useEscape(() => onDone(text))

  const press = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter') return
    event.preventDefault()
    onDone(text)
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
      onBlur={() => onDone(text)}
      autoFocus
    />
  )
}
