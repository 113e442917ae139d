import { Modal } from '@mantine/core'
import { IconSearch, type TablerIcon } from '@tabler/icons-react'
import { type KeyboardEvent, useId, useState } from 'react'
import { KeyHint } from '../../ui/key-hint.tsx'
import { useEarlyTyping } from '../../ui/use-early-typing.ts'
import { useEscape } from '../use-escape.ts'
import classes from './palette.module.css'

export interface Action {
  readonly label: string
  readonly icon: TablerIcon
  /** Other words that find it. */
  readonly words?: string
  readonly hotkey?: string
  readonly run: () => void
}

interface PaletteProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly actions: readonly Action[]
}

const matches = (typed: string) => {
  const words = typed.toLocaleLowerCase().split(/\s+/)
  return ({ label, words: others = '' }: Action): boolean => {
    const text = `${label} ${others}`.toLocaleLowerCase()
    return words.every((word) => text.includes(word))
  }
}

/** Everything that can be done from anywhere, by typing a part of its name (Ctrl+K). */
export const Palette = ({ isOpen, onClose, actions }: PaletteProps) => {
  useEscape(onClose, isOpen)
  return (
    <Modal.Root
      opened={isOpen}
      onClose={onClose}
      closeOnEscape={false}
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      size={520}
      yOffset="12vh"
    >
      <Modal.Overlay backgroundOpacity={0.2} />
      <Modal.Content aria-label="Commands">
        <PaletteList actions={actions} onClose={onClose} />
      </Modal.Content>
    </Modal.Root>
  )
}

const PaletteList = ({ actions, onClose }: Pick<PaletteProps, 'actions' | 'onClose'>) => {
  const listId = useId()
  const [typed, setTyped] = useState('')
  const [index, setIndex] = useState(0)
  useEarlyTyping((letter) => setTyped((text) => text + letter))
  const found = actions.filter(matches(typed))

  const run = (action: Action | undefined): void => {
    if (!action) return
    onClose()
    action.run()
  }
  const press = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) setIndex((index + step + found.length) % Math.max(1, found.length))
    else if (event.key === 'Enter') run(found[index])
    else return
    event.preventDefault()
  }

  return (
    <>
      <label className={classes['field']}>
        <IconSearch size={18} aria-hidden="true" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={found[index] && `${listId}-${index}`}
          aria-label="What would you like to do?"
          placeholder="What would you like to do?"
          data-autofocus
          autoFocus
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value)
            setIndex(0)
          }}
          onKeyDown={press}
        />
      </label>
      <div className={classes['list']} id={listId} role="listbox" aria-label="Commands">
        {found.map((action, place) => (
          // The keyboard stays in the field (combobox), which presses the option that is active.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={action.label}
            id={`${listId}-${place}`}
            role="option"
            tabIndex={-1}
            aria-selected={place === index}
            className={classes['option']}
            onClick={() => run(action)}
          >
            <action.icon size={18} stroke={1.7} aria-hidden="true" />
            <span>{action.label}</span>
            {action.hotkey && <KeyHint>{action.hotkey}</KeyHint>}
          </div>
        ))}
        {found.length === 0 && <div className={classes['none']}>Nothing here is called “{typed}”.</div>}
      </div>
    </>
  )
}
