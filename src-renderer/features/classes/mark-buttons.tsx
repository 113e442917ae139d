import { Menu } from '@mantine/core'
import { IconDots, IconNote } from '@tabler/icons-react'
import { useState } from 'react'
import type { AttendanceCode } from '../../../src-shared/queries/roll.ts'
import { useEscape } from '../../app/use-escape.ts'
import { attendanceTexts } from '../../texts/attendance.ts'
import { KeyHint } from '../../ui/key-hint.tsx'
import { codeLooks, mainCodes, otherCodes } from './codes.ts'
import classes from './mark-buttons.module.css'

interface MarkButtonsProps {
  readonly code: AttendanceCode
  /** The keys act on this row: they are printed on its buttons. */
  readonly showKeys: boolean
  readonly disabled: boolean
  readonly hasNote: boolean
  readonly onMark: (code: AttendanceCode) => void
  readonly onNote: () => void
}

const hasButton = (code: AttendanceCode): boolean => mainCodes.some((main) => main === code)

/** One press makes a mark; another mark is one other press. Pressing the same again changes nothing. */
export const MarkButtons = (props: MarkButtonsProps) => (
  <div className={classes['buttons']} role="group" aria-label="Mark" data-keys={props.showKeys || undefined}>
    {mainCodes.map((main) => (
      <MarkButton
        key={main}
        code={main}
        isPressed={main === props.code}
        disabled={props.disabled}
        onPress={() => props.onMark(main)}
      />
    ))}
    <MoreMarks {...props} />
  </div>
)

/** The marks that are needed seldom, and the note. */
const MoreMarks = ({ code, disabled, hasNote, onMark, onNote }: MarkButtonsProps) => {
  const [isOpen, setOpen] = useState(false)
  useEscape(() => setOpen(false), isOpen)
  const isOther = !hasButton(code) && code !== 'not_recorded'

  return (
    <Menu
      opened={isOpen}
      onChange={setOpen}
      closeOnEscape={false}
      position="bottom-end"
      disabled={disabled}
      transitionProps={{ duration: 80 }}
    >
      <Menu.Target>
        <button
          type="button"
          className={classes['more']}
          disabled={disabled}
          data-tone={isOther ? codeLooks[code].tone : undefined}
          aria-label="More marks"
          tabIndex={-1}
        >
          {isOther ? attendanceTexts[code] : <IconDots size={20} aria-hidden="true" />}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {otherCodes.map((other) => {
          const { icon: Icon, hotkey } = codeLooks[other]
          return (
            <Menu.Item
              key={other}
              leftSection={<Icon size={18} />}
              rightSection={<KeyHint>{hotkey === 'Backspace' ? '⌫' : hotkey}</KeyHint>}
              onClick={() => onMark(other)}
            >
              {other === 'not_recorded' ? 'Take the mark back' : attendanceTexts[other]}
            </Menu.Item>
          )
        })}
        <Menu.Divider />
        <Menu.Item leftSection={<IconNote size={18} />} rightSection={<KeyHint>N</KeyHint>} onClick={onNote}>
          {hasNote ? 'Change the note' : 'Add a note'}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

interface MarkButtonProps {
  readonly code: AttendanceCode
  readonly isPressed: boolean
  readonly disabled: boolean
  readonly onPress: () => void
}

const MarkButton = ({ code, isPressed, disabled, onPress }: MarkButtonProps) => {
  const { icon: Icon, hotkey, tone } = codeLooks[code]
  return (
    <button
      type="button"
      className={classes['mark']}
      data-tone={tone}
      aria-pressed={isPressed}
      aria-keyshortcuts={hotkey}
      disabled={disabled}
      tabIndex={-1}
      onClick={onPress}
    >
      <Icon size={18} stroke={isPressed ? 2.6 : 1.8} aria-hidden="true" />
      {attendanceTexts[code]}
      <KeyHint>{hotkey}</KeyHint>
    </button>
  )
}
