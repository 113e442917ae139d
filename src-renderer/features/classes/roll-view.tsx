import { IconLock, IconUsers } from '@tabler/icons-react'
import { useState } from 'react'
import { flushSync } from 'react-dom'
import type { AttendanceCode, Roll } from '../../../src-shared/queries/roll.ts'
import { useMay, useSession } from '../../app/use-app-state.ts'
import { useNow } from '../../app/use-now.ts'
import { momentText } from '../../texts/when.ts'
import { BackButton } from '../../ui/back-button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { useCursor } from '../../ui/use-cursor.ts'
import { useKeys } from '../../ui/use-keys.ts'
import { codeLooks } from './codes.ts'
import { RollBar } from './roll-bar.tsx'
import { RollRowView } from './roll-row.tsx'
import { useRollActions } from './use-roll-actions.ts'
import classes from './roll-view.module.css'
import { WalkInSheet } from './walk-in-sheet.tsx'

interface RollViewProps {
  readonly roll: Roll
  readonly onBack: () => void
}

export const RollView = ({ roll, onBack }: RollViewProps) => {
  const { session, rows } = roll
  const actions = useRollActions(roll)
  const may = useMay()
  const [isAdding, setAdding] = useState(false)
  const [noteOf, setNoteOf] = useState<string>()
  const cursor = useCursor({ count: rows.length, isActive: !isAdding })
  const current = rows[cursor.index]

  const closeSheet = (): void => {
    flushSync(() => setAdding(false))
    cursor.moveTo(cursor.index)
  }

  const isClosed = session.roll_closed_at !== null
  const mayMark = may('attendance.record') && !session.is_cancelled && (!isClosed || may('attendance.correct'))

  const press = (code: AttendanceCode) => () => void (current && actions.mark(current, code))
  useKeys(
    {
      ...Object.fromEntries(
        Object.entries(codeLooks).map(([code, look]) => [look.hotkey, press(code as AttendanceCode)]),
      ),
      A: () => void actions.allPresent(),
      N: () => setNoteOf(current?.student_id),
      '+': () => setAdding(true),
      C: () => void actions.close(),
    },
    { isActive: mayMark && !isAdding },
  )

  return (
    <div className={classes['screen']}>
      <RollHeader roll={roll} onBack={onBack} />
      <div className={classes['scroll']}>
        <RollNotice roll={roll} mayCorrect={mayMark} />
        {rows.length === 0 && (
          <Empty icon={IconUsers} title="Nobody has a place in this session">
            Somebody turned up? Add them as a walk-in.
          </Empty>
        )}
        <ul className={classes['rows']} aria-label="Roll">
          {rows.map((row, index) => (
            <RollRowView
              key={row.student_id}
              row={row}
              isCurrent={index === cursor.index}
              isMissing={actions.missing.includes(row)}
              mayMark={mayMark}
              isNoting={noteOf === row.student_id}
              rowProps={cursor.rowProps(index)}
              onMark={(code) => void actions.mark(row, code)}
              onNote={() => setNoteOf(row.student_id)}
              onNoted={(note) => {
                setNoteOf(undefined)
                cursor.moveTo(index)
                void actions.note(row, note)
              }}
            />
          ))}
        </ul>
      </div>
      <RollBar
        roll={roll}
        missing={actions.missing}
        mayMark={mayMark}
        onAllPresent={() => void actions.allPresent()}
        onWalkIn={() => setAdding(true)}
        onClose={() => void actions.close()}
      />
      <WalkInSheet
        isOpen={isAdding}
        onRoll={rows}
        onClose={closeSheet}
        onPick={(studentId, name) => {
          closeSheet()
          void actions.walkIn(studentId, name)
        }}
      />
    </div>
  )
}

const RollHeader = ({ roll: { session, rows }, onBack }: RollViewProps) => (
  <header className={classes['header']}>
    <BackButton onBack={onBack} />
    <div className={classes['title']}>
      <h1>
        <span className={classes['start']}>{session.starts_at}</span> <bdi>{session.class_name}</bdi>
      </h1>
      <p>
        {[`until ${session.ends_at}`, session.space_name, session.instructor_name, session.level]
          .filter((part) => part !== null)
          .join(' · ')}
      </p>
    </div>
    {session.phase === 'now' && <Chip tone="info">Now</Chip>}
    {rows.length > session.capacity && <Chip tone="warn">{`${rows.length} children, ${session.capacity} places`}</Chip>}
  </header>
)

const RollNotice = ({ roll: { session }, mayCorrect }: { readonly roll: Roll; readonly mayCorrect: boolean }) => {
  const { facility } = useSession()
  const now = useNow()
  if (session.is_cancelled) return <Notice tone="warn" title="This session was cancelled." />
  if (!session.roll_closed_at) return null
  const when = momentText(session.roll_closed_at, now, facility)
  return (
    <Notice
      tone="good"
      icon={IconLock}
      title={`Roll closed ${when}${session.closed_by ? ` by ${session.closed_by}` : ''}.`}
    >
      {mayCorrect
        ? 'What you change now is kept as a correction beside the mark of the class.'
        : 'Something is wrong? Ask the office to correct it.'}
    </Notice>
  )
}
