import { addWalkIn } from '../../src-shared/commands/add-walk-in.ts'
import { closeRoll } from '../../src-shared/commands/close-roll.ts'
import type { Command } from '../../src-shared/commands/command.ts'
import { acceptItem } from '../../src-shared/commands/inbox/accept.ts'
import { dropItem } from '../../src-shared/commands/inbox/drop.ts'
import { redoItem } from '../../src-shared/commands/inbox/redo.ts'
import { lostWork } from '../../src-shared/commands/lost-work.ts'
import { markAttendance } from '../../src-shared/commands/mark-attendance.ts'
import { recordCheckIn } from '../../src-shared/commands/record-check-in.ts'
import { recordCheckOut } from '../../src-shared/commands/record-check-out.ts'
import { takePayment } from '../../src-shared/commands/take-payment.ts'
import { undoCheckIn } from '../../src-shared/commands/undo-check-in.ts'
import { voidPayment } from '../../src-shared/commands/void-payment.ts'
import { formatMoney } from '../../src-shared/money.ts'
import type { Names } from '../../src-shared/queries/names.ts'
import { attendanceTexts } from './attendance.ts'

/** What the words of a command need: what ids stand for, and how money is written here. */
export interface Wording {
  readonly names: Names
  readonly currency: string
  readonly locale: string
}

/** Where a person can put right what a command did not do. */
export type Remedy =
  | { readonly kind: 'family'; readonly familyId: string }
  | { readonly kind: 'roll'; readonly sessionId: string }

export interface CommandText {
  readonly text: string
  readonly remedy: Remedy | undefined
}

type Describe = (args: unknown, wording: Wording) => CommandText | undefined

const describe = <A>(
  command: Command<A>,
  text: (args: A, wording: Wording) => string,
  remedy: (args: A) => Remedy | undefined = () => undefined,
): readonly [string, Describe] => [
  command.name,
  (args, wording) => {
    const parsed = command.args.safeParse(args)
    return parsed.success ? { text: text(parsed.data, wording), remedy: remedy(parsed.data) } : undefined
  },
]

const shownNames = 3

/** `Mia, Noah, Olivia and 2 more`. */
const listOf = (ids: readonly string[], { names }: Wording): string => {
  const known = ids.map((id) => names[id] ?? 'a child')
  const rest = known.length - shownNames
  return rest > 0 ? `${known.slice(0, shownNames).join(', ')} and ${rest} more` : known.join(', ')
}

const studentsOf = (entries: readonly { readonly student_id: string }[]): readonly string[] =>
  entries.map((entry) => entry.student_id)

const rollOf = ({ session_id }: { readonly session_id: string }): Remedy => ({ kind: 'roll', sessionId: session_id })

const className = (sessionId: string, { names }: Wording): string => names[sessionId] ?? 'a class'

const marksText = (
  marks: readonly { readonly student_id: string; readonly code: string }[],
  wording: Wording,
): string => {
  const codes = new Set(marks.map((mark) => mark.code))
  const [first] = marks
  const code = codes.size === 1 && first ? attendanceTexts[first.code as keyof typeof attendanceTexts] : 'Marks'
  return `${code}: ${listOf(studentsOf(marks), wording)}`
}

const descriptions: ReadonlyMap<string, Describe> = new Map([
  describe(
    recordCheckIn,
    ({ entries }, wording) => `Check-in of ${listOf(studentsOf(entries), wording)}`,
    ({ entries }) => entries[0] && rollOf(entries[0]),
  ),
  describe(undoCheckIn, ({ check_in_ids }, wording) => `Check-in taken back: ${listOf(check_in_ids, wording)}`),
  describe(
    recordCheckOut,
    ({ entries }, wording) => `Check-out of ${listOf(studentsOf(entries), wording)}`,
    ({ entries }) => entries[0] && rollOf(entries[0]),
  ),
  describe(
    markAttendance,
    ({ marks, session_id }, wording) => `${marksText(marks, wording)} (${className(session_id, wording)})`,
    rollOf,
  ),
  describe(
    addWalkIn,
    ({ student_id, session_id }, wording) =>
      `Walk-in of ${listOf([student_id], wording)} in ${className(session_id, wording)}`,
    rollOf,
  ),
  describe(closeRoll, ({ session_id }, wording) => `Roll of ${className(session_id, wording)} closed`, rollOf),
  describe(
    takePayment,
    ({ amount, family_id }, { names, currency, locale }) =>
      `Payment of ${formatMoney(amount, currency, locale)} from ${names[family_id] ?? 'a family'}`,
    ({ family_id }) => ({ kind: 'family', familyId: family_id }),
  ),
  describe(voidPayment, ({ payment_id, reason }, { names }) =>
    `Receipt ${names[payment_id] ?? ''} voided: ${reason}`.replace('  ', ' '),
  ),
  describe(acceptItem, ({ note }) => `A change that needed somebody: accepted${note === null ? '' : `, “${note}”`}`),
  describe(dropItem, ({ note }) => `A change that needed somebody: dropped, “${note}”`),
  describe(lostWork, ({ last_saved_at }, { locale }) =>
    last_saved_at === null
      ? 'Work of this computer that is gone'
      : `Work of this computer that is gone, saved after ${new Date(last_saved_at).toLocaleString(locale)}`,
  ),
  describe(redoItem, ({ command, args }, wording) => `Done again: ${commandText(command, args, wording).text}`),
])

/** What a command was for, as a colleague would say it. */
export const commandText = (command: string, args: unknown, wording: Wording): CommandText =>
  descriptions.get(command)?.(args, wording) ?? {
    text: command === '' ? 'A change that cannot be read' : `A change called ${command}`,
    remedy: undefined,
  }
