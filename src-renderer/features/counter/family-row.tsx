import {
  IconArchive,
  IconAt,
  IconCheck,
  IconCreditCard,
  IconPhone,
  IconUser,
  type TablerIcon,
} from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { FamilyHit, StudentHit } from '../../../src-shared/queries/family-hits.ts'
import type { FoundBy } from '../../../src-shared/rules/search-match.ts'
import type { TypedWord } from '../../../src-shared/rules/search-terms.ts'
import { useSession } from '../../app/use-app-state.ts'
import { clockText } from '../../texts/when.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Chip } from '../../ui/chip.tsx'
import { useCounter } from './counter-store.ts'
import classes from './family-row.module.css'
import { Marked } from './marked.tsx'
import { optionId } from './search-box.tsx'

interface FamilyRowProps {
  readonly family: FamilyHit
  readonly foundBy?: FoundBy
  readonly words: readonly TypedWord[]
  readonly isPointed: boolean
}

const foundByIcons: Readonly<Record<FoundBy['kind'], TablerIcon>> = {
  name: IconUser,
  guardian: IconUser,
  card: IconCreditCard,
  phone: IconPhone,
  email: IconAt,
}

/** One family of the list: its name, how it was found when that cannot be seen, and each child with today's session. */
export const FamilyRow = ({ family, foundBy, words, isPointed }: FamilyRowProps) => {
  const { open, familyId } = useCounter()
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isPointed) row.current?.scrollIntoView({ block: 'nearest' })
  }, [isPointed])
  const HowIcon = foundBy && foundBy.kind !== 'name' ? foundByIcons[foundBy.kind] : undefined

  return (
    // The keyboard stays in the search box (combobox), which opens the option that is active.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      ref={row}
      id={optionId(family.family_id)}
      role="option"
      tabIndex={-1}
      aria-selected={isPointed}
      className={classes['row']}
      data-open={family.family_id === familyId || undefined}
      data-archived={family.is_archived || undefined}
      onClick={() => open(family.family_id)}
    >
      <div className={classes['family']}>
        <span className={classes['name']}>
          <Marked text={family.name} words={words} />
        </span>
        {family.is_archived && <Chip icon={IconArchive}>Archived</Chip>}
        {HowIcon && foundBy && (
          <span className={classes['how']}>
            <HowIcon size={14} stroke={1.8} aria-hidden="true" />
            <bdi>{foundBy.text}</bdi>
          </span>
        )}
      </div>
      <ul className={classes['children']}>
        {family.students.map((student) => (
          <ChildLine key={student.student_id} student={student} words={words} />
        ))}
        {family.students.length === 0 && <li className={classes['none']}>No children yet</li>}
      </ul>
    </div>
  )
}

const ChildLine = ({ student, words }: { readonly student: StudentHit; readonly words: readonly TypedWord[] }) => {
  const { facility } = useSession()
  const next = student.today.find((session) => session.in_at === null && !session.is_over)
  const shown = next ?? student.today.findLast((session) => session.in_at !== null) ?? student.today.at(-1)
  const called = student.preferred_name ?? student.first_name
  return (
    <li className={classes['child']} data-archived={student.is_archived || undefined}>
      <Avatar first={called} last={student.last_name} size={24} />
      <span className={classes['person']}>
        <Marked text={`${called} ${student.last_name}`} words={words} />
        <span className={classes['age']}>{student.age}</span>
      </span>
      {shown && (
        <span className={classes['session']} data-over={shown.is_over || undefined}>
          <span className={classes['time']}>{shown.starts_at}</span> <bdi>{shown.class_name}</bdi>
        </span>
      )}
      {shown && shown.in_at !== null && (
        <span className={classes['in']}>
          <IconCheck size={16} stroke={2.2} aria-hidden="true" />
          In {clockText(shown.in_at, facility)}
        </span>
      )}
    </li>
  )
}
