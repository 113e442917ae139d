import { Drawer, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { type KeyboardEvent, useState } from 'react'
import type { RollRow } from '../../../src-shared/queries/roll.ts'
import { counterSearch, type FoundFamily } from '../../../src-shared/queries/search.ts'
import { useEscape } from '../../app/use-escape.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { useNow } from '../../app/use-now.ts'
import { errorText } from '../../texts/errors.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Chip } from '../../ui/chip.tsx'
import { KeyHint } from '../../ui/key-hint.tsx'
import { Notice } from '../../ui/notice.tsx'
import { PersonName } from '../../ui/person-name.tsx'
import { useEarlyTyping } from '../../ui/use-early-typing.ts'
import classes from './walk-in-sheet.module.css'

interface WalkInSheetProps {
  readonly isOpen: boolean
  readonly onRoll: readonly RollRow[]
  readonly onClose: () => void
  readonly onPick: (studentId: string, name: string) => void
}

/** Somebody turned up without a place: three letters and Enter. */
export const WalkInSheet = ({ isOpen, onClose, ...props }: WalkInSheetProps) => {
  useEscape(onClose, isOpen)
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
      closeOnEscape={false}
      returnFocus={false}
      title="Add a walk-in"
      size={440}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      overlayProps={{ backgroundOpacity: 0.15 }}
    >
      <WalkInSearch {...props} />
    </Drawer>
  )
}

type Found = FoundFamily['students'][number]

const calledName = (student: Found): string => student.preferred_name ?? student.first_name

/** Children of the found families, those whose own name was typed first. */
const childrenOf = (families: readonly FoundFamily[], typed: string, onRoll: readonly RollRow[]): readonly Found[] => {
  const start = typed.trim().toLocaleLowerCase()
  const isMeant = (student: Found): boolean =>
    [student.preferred_name, student.first_name, student.last_name].some((name) =>
      name?.toLocaleLowerCase().startsWith(start),
    )
  const taken = new Set(onRoll.map((row) => row.student_id))
  const isFree = (student: Found): boolean => !taken.has(student.student_id)
  const byId = new Map(families.flatMap((family) => family.students).map((student) => [student.student_id, student]))
  return [...byId.values()]
    .filter((student) => !student.is_archived)
    .toSorted((a, b) => Number(isFree(b)) - Number(isFree(a)) || Number(isMeant(b)) - Number(isMeant(a)))
    .slice(0, 12)
}

const WalkInSearch = ({ onRoll, onPick }: Pick<WalkInSheetProps, 'onRoll' | 'onPick'>) => {
  const [typed, setTyped] = useState('')
  const [index, setIndex] = useState(0)
  useEarlyTyping((letter) => setTyped((text) => text + letter))
  const now = useNow()
  const live = useLiveQuery(counterSearch, { text: typed, now }, { keepPrevious: true })
  const found = live.state === 'ready' && typed.trim() ? childrenOf(live.data.families, typed, onRoll) : []
  const taken = new Set(onRoll.map((row) => row.student_id))

  const pick = (student: Found | undefined): void => {
    if (student && !taken.has(student.student_id))
      onPick(student.student_id, `${calledName(student)} ${student.last_name}`)
  }
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setIndex(Math.min(index + 1, found.length - 1))
    else if (event.key === 'ArrowUp') setIndex(Math.max(index - 1, 0))
    else if (event.key === 'Enter') pick(found[index])
    else return
    event.preventDefault()
  }

  return (
    <>
      <TextInput
        size="lg"
        leftSection={<IconSearch size={20} aria-hidden="true" />}
        aria-label="Name of the child"
        placeholder="Name of the child"
        value={typed}
        onChange={(change) => {
          setTyped(change.currentTarget.value)
          setIndex(0)
        }}
        onKeyDown={press}
        data-autofocus
        autoFocus
      />
      {live.state === 'failed' && <Notice tone="danger">{errorText(live.error)}</Notice>}
      <ul className={classes['list']} aria-label="Children found">
        {found.map((student, place) => (
          <li key={student.student_id}>
            <button
              type="button"
              className={classes['child']}
              data-active={place === index || undefined}
              disabled={taken.has(student.student_id)}
              onClick={() => pick(student)}
            >
              <Avatar first={calledName(student)} last={student.last_name} size={36} />
              <PersonName first={student.first_name} last={student.last_name} preferred={student.preferred_name} />
              <span className={classes['age']}>{student.age} yrs</span>
              {taken.has(student.student_id) ? <Chip>On this roll</Chip> : place === index && <KeyHint>↵</KeyHint>}
            </button>
          </li>
        ))}
      </ul>
      {typed.trim() && live.state === 'ready' && found.length === 0 && (
        <p className={classes['none']}>
          Nobody called “{typed.trim()}” is known here. Send the family to the counter, so that they are entered there.
        </p>
      )}
    </>
  )
}
