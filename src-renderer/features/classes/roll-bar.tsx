import { IconChecks, IconLock, IconUserPlus, type TablerIcon } from '@tabler/icons-react'
import type { AttendanceCode, Roll, RollRow } from '../../../src-shared/queries/roll.ts'
import { attendanceTexts } from '../../texts/attendance.ts'
import { KeyHint } from '../../ui/key-hint.tsx'
import { Notice } from '../../ui/notice.tsx'
import classes from './roll-bar.module.css'

interface RollBarProps {
  readonly roll: Roll
  readonly missing: readonly RollRow[]
  readonly mayMark: boolean
  readonly onAllPresent: () => void
  readonly onWalkIn: () => void
  readonly onClose: () => void
}

const shownNames = 4

const namesOf = (rows: readonly RollRow[]): string => {
  const names = rows.map((row) => row.preferred_name ?? row.first_name)
  const rest = names.length - shownNames
  return rest > 0 ? `${names.slice(0, shownNames).join(', ')} and ${rest} more` : names.join(', ')
}

/** What the whole roll can do, within reach of a thumb. */
export const RollBar = ({ roll, missing, mayMark, onAllPresent, onWalkIn, onClose }: RollBarProps) => {
  const isClosed = roll.session.roll_closed_at !== null
  return (
    <footer className={classes['bar']} aria-label="Roll actions">
      {missing.length > 0 && (
        <Notice tone="warn" isUrgent title={`${missing.length} without a mark:`}>
          {namesOf(missing)}. Nobody is counted as present or absent by itself.
        </Notice>
      )}
      <div className={classes['line']}>
        <Counts roll={roll} />
        {mayMark && (
          <>
            <BarButton icon={IconUserPlus} hotkey="+" onPress={onWalkIn} label="Walk-in" />
            <BarButton
              icon={IconChecks}
              hotkey="A"
              onPress={onAllPresent}
              label="All present"
              isMain={roll.not_recorded > 0}
              disabled={roll.not_recorded === 0}
            />
          </>
        )}
        {mayMark && !isClosed && (
          <BarButton icon={IconLock} hotkey="C" onPress={onClose} label="Close roll" isMain={roll.not_recorded === 0} />
        )}
      </div>
    </footer>
  )
}

const Counts = ({ roll: { rows } }: Pick<RollBarProps, 'roll'>) => {
  const byCode = Map.groupBy(rows, (row) => row.code)
  const order: readonly AttendanceCode[] = [
    'present',
    'late',
    'left_early',
    'absent',
    'excused',
    'observing',
    'not_recorded',
  ]
  return (
    <p className={classes['counts']} aria-label="Counts">
      {order
        .filter((code) => byCode.has(code))
        .map((code) => (
          <span key={code} data-open={code === 'not_recorded' || undefined}>
            <strong>{byCode.get(code)?.length}</strong> {attendanceTexts[code].toLowerCase()}
          </span>
        ))}
    </p>
  )
}

interface BarButtonProps {
  readonly icon: TablerIcon
  readonly label: string
  readonly hotkey: string
  /** What is most likely wanted now. */
  readonly isMain?: boolean
  readonly disabled?: boolean
  readonly onPress: () => void
}

const BarButton = ({ icon: Icon, label, hotkey, isMain = false, disabled = false, onPress }: BarButtonProps) => (
  <button
    type="button"
    className={classes['button']}
    data-main={isMain || undefined}
    disabled={disabled}
    aria-keyshortcuts={hotkey}
    onClick={onPress}
  >
    <Icon size={20} stroke={1.8} aria-hidden="true" />
    {label}
    <KeyHint>{hotkey}</KeyHint>
  </button>
)
