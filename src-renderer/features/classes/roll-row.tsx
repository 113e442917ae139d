import { useMergedRef } from '@mantine/hooks'
import { IconDoorEnter, IconDoorExit, IconNote } from '@tabler/icons-react'
import type { AttendanceCode, RollRow } from '../../../src-shared/queries/roll.ts'
import { useSession } from '../../app/use-app-state.ts'
import { attendanceTexts, bookingKindTexts } from '../../texts/attendance.ts'
import { healthText } from '../../texts/health.ts'
import { clockText } from '../../texts/when.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Chip } from '../../ui/chip.tsx'
import { MedicalBanner } from '../../ui/medical-banner.tsx'
import { PersonName } from '../../ui/person-name.tsx'
import { useHighlight } from '../../ui/use-highlight.ts'
import { MarkButtons } from './mark-buttons.tsx'
import { NoteField } from './note-field.tsx'
import classes from './roll-row.module.css'

interface RollRowViewProps {
  readonly row: RollRow
  readonly isCurrent: boolean
  /** Without a mark when the roll was to be closed. */
  readonly isMissing: boolean
  readonly mayMark: boolean
  readonly isNoting: boolean
  readonly rowProps: {
    readonly ref: (element: HTMLElement | null) => void
    readonly tabIndex: 0 | -1
    readonly onFocus: () => void
  }
  readonly onMark: (code: AttendanceCode) => void
  readonly onNote: () => void
  readonly onNoted: (note: string) => void
}

/** One child on the roll. */
export const RollRowView = ({ row, rowProps, ...props }: RollRowViewProps) => {
  const kind = bookingKindTexts[row.kind]
  const { name } = useSession()
  // What came from elsewhere: the counter, or the mark of a colleague.
  const others = row.marks.filter((mark) => mark.by !== name).length
  const changed = useHighlight(`${row.checked_in_at} ${row.checked_out_at} ${others}`)
  const ref = useMergedRef(rowProps.ref, changed)

  return (
    <li
      {...rowProps}
      ref={ref}
      className={classes['row']}
      aria-label={`${row.preferred_name ?? row.first_name} ${row.last_name}`}
      aria-current={props.isCurrent || undefined}
      data-missing={props.isMissing || undefined}
    >
      <Avatar first={row.preferred_name ?? row.first_name} last={row.last_name} size={40} />
      <div className={classes['who']}>
        <div className={classes['name']}>
          <PersonName first={row.first_name} last={row.last_name} preferred={row.preferred_name} size="large" />
          <span className={classes['age']}>{row.age} yrs</span>
          {kind && <Chip tone="info">{kind}</Chip>}
          {props.isMissing && <Chip tone="warn">No mark</Chip>}
        </div>
        <div className={classes['facts']}>
          <CheckInFact row={row} />
          <EarlierMark row={row} />
          {row.note && !props.isNoting && (
            <button type="button" className={classes['note']} onClick={props.onNote} disabled={!props.mayMark}>
              <IconNote size={16} aria-hidden="true" />
              <bdi>{row.note}</bdi>
            </button>
          )}
        </div>
      </div>
      <MarkButtons
        code={row.code}
        showKeys={props.isCurrent}
        disabled={!props.mayMark}
        hasNote={row.note !== null}
        onMark={props.onMark}
        onNote={props.onNote}
      />
      {row.health && row.health.length > 0 && (
        <div className={classes['medical']}>
          <MedicalBanner
            facts={row.health.map((item) => ({
              id: item.id,
              text: healthText(item),
              action: item.action,
              isSerious: item.severity !== 'info',
            }))}
          />
        </div>
      )}
      {props.isNoting && <NoteField note={row.note ?? ''} onDone={props.onNoted} />}
    </li>
  )
}

/** The check-in at the counter is a fact of its own; against the mark it is shown, never decided (U15, U18). */
const CheckInFact = ({ row }: { readonly row: RollRow }) => {
  const { facility } = useSession()
  if (row.checked_out_at)
    return (
      <span className={classes['fact']}>
        <IconDoorExit size={16} aria-hidden="true" /> Left {clockText(row.checked_out_at, facility)}
      </span>
    )
  if (!row.checked_in_at) return <span className={classes['fact']}>Not checked in</span>
  const at = clockText(row.checked_in_at, facility)
  if (row.code === 'absent' || row.code === 'excused')
    return (
      <Chip
        tone="warn"
        icon={IconDoorEnter}
      >{`Checked in ${at}, marked ${attendanceTexts[row.code].toLowerCase()}`}</Chip>
    )
  return (
    <span className={classes['fact']} data-in>
      <IconDoorEnter size={16} aria-hidden="true" /> In {at}
    </span>
  )
}

/** When somebody else, or the office, had marked otherwise: both marks are kept (MERGE). */
const EarlierMark = ({ row }: { readonly row: RollRow }) => {
  const last = row.marks.at(-1)
  const other = row.marks.findLast(
    (mark) =>
      mark.code !== 'not_recorded' && mark.code !== row.code && (mark.by !== last?.by || mark.source !== last.source),
  )
  if (!other || !last) return null
  return (
    <span className={classes['fact']}>
      {attendanceTexts[other.code]} by <bdi>{other.by}</bdi>, then {attendanceTexts[last.code].toLowerCase()} by{' '}
      <bdi>{last.source === 'office' ? 'the office' : last.by}</bdi>
    </span>
  )
}
