import fc from 'fast-check'
import { addWalkIn } from '../../src-shared/commands/add-walk-in.ts'
import { closeRoll } from '../../src-shared/commands/close-roll.ts'
import { type Command, drawsReceipt } from '../../src-shared/commands/command.ts'
import { acceptItem } from '../../src-shared/commands/inbox/accept.ts'
import { dropItem } from '../../src-shared/commands/inbox/drop.ts'
import { redoItem } from '../../src-shared/commands/inbox/redo.ts'
import { markAttendance } from '../../src-shared/commands/mark-attendance.ts'
import { recordCheckIn } from '../../src-shared/commands/record-check-in.ts'
import { recordCheckOut } from '../../src-shared/commands/record-check-out.ts'
import { takePayment, type TakePaymentArgs } from '../../src-shared/commands/take-payment.ts'
import { undoCheckIn } from '../../src-shared/commands/undo-check-in.ts'
import { voidPayment } from '../../src-shared/commands/void-payment.ts'
import { type Permission, permissions } from '../../src-shared/permissions.ts'
import { askedOf } from '../../src-shared/rules/inbox.ts'
import { attendanceCodes } from '../../src-shared/schema/tables/attendance-marks.ts'
import { hlcOf, newMutationId, permissionsWithout, rowId } from './both-databases.ts'
import type { SmallAcademy } from './small-academy.ts'

/** The most commands of one run. */
const maxCommands = 12

/** One command of a run, ready for either database. */
export interface Step {
  readonly command: Command<never>
  readonly args: never
  readonly over: {
    readonly mutationId: string
    readonly hlc: string
    readonly seriesNumber: number | null
    readonly permissions: ReadonlySet<Permission>
  }
  /** What a failing run prints. */
  readonly toString: () => string
}

const mutationIds = Array.from({ length: maxCommands }, newMutationId)

const nobody = '00000000-0000-4000-8000-00000000dead'

const mostly = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: usual, weight: 6 }, { arbitrary: odd, weight: 1 })

/** Ids of rows that earlier commands of the run make, if they are not refused. */
interface Made {
  readonly events: string[]
  readonly payments: string[]
}

/** Mostly one of those, the n-th; or one that nobody knows. */
const pickOf = mostly(fc.nat(maxCommands), fc.constant(-1))
const picked = (ids: readonly string[], n: number): string => ids[n % Math.max(1, ids.length)] ?? nobody

/** Mostly one of the first ones, so that commands meet at them; sometimes any, or one that nobody knows. */
const oneOf = (list: readonly { readonly id: string }[], usual = 1): fc.Arbitrary<string> => {
  const ids = list.map(({ id }) => id)
  return mostly(fc.constantFrom(...ids.slice(0, usual)), fc.constantFrom(...ids, nobody))
}

const amount = fc.oneof(fc.constantFrom(6400, 2000, 1333, 1000, 100), fc.integer({ min: 1, max: 7000 }))

const commandsIn = (academy: SmallAcademy) => {
  const { sessions, students, guardians, paidElsewhere } = academy
  const session_id = oneOf(sessions, 2)
  const student_id = oneOf(students, 3)
  const place = fc.record({ student_id: oneOf(students, 2), session_id: oneOf(sessions) })
  const leaving = fc.record({ student_id: oneOf(students), session_id: oneOf(sessions) }).map((left) => [left])
  const entries = fc.array(place, { minLength: 1, maxLength: 2 })
  const mark = fc.record({
    student_id,
    code: fc.constantFrom(...attendanceCodes),
    note: fc.constantFrom(null, 'Ω late bus'),
  })
  const wholeRoll = fc.constantFrom('present' as const, 'absent' as const).map((code) => ({
    session_id: sessions[0].id,
    marks: students.slice(0, 3).map(({ id }) => ({ student_id: id, code, note: null })),
  }))
  return fc.oneof(
    { arbitrary: settlementsIn(academy), weight: 4 },
    { arbitrary: commandWith(recordCheckIn, fc.record({ entries })), weight: 2 },
    commandWith(
      undoCheckIn,
      fc.array(pickOf, { minLength: 1, maxLength: 2 }).map((picks) => ({ events }: Made) => ({
        check_in_ids: picks.map((n) => picked(events, n)),
      })),
    ),
    commandWith(recordCheckOut, fc.record({ entries: leaving, guardian_id: fc.option(oneOf(guardians)) })),
    commandWith(markAttendance, fc.record({ session_id, marks: fc.array(mark, { minLength: 1, maxLength: 3 }) })),
    commandWith(markAttendance, wholeRoll),
    commandWith(addWalkIn, fc.record({ session_id, student_id: oneOf(students, 4) })),
    commandWith(closeRoll, fc.record({ session_id: oneOf(sessions) })),
    { arbitrary: commandWith(takePayment, paymentsIn(academy)), weight: 3 },
    commandWith(
      voidPayment,
      fc
        .record({
          pick: mostly(pickOf, fc.constant(null)),
          reason: mostly(fc.constant('Wrong family'), fc.constant('')),
        })
        .map(({ pick, reason }) => ({ payments }: Made) => ({
          payment_id: pick === null ? paidElsewhere.id : picked(payments, pick),
          reason,
        })),
    ),
  )
}

/** Mostly what goes along with an item was caused by it. */
const settlementsIn = ({ items }: SmallAcademy) => {
  const drawn = fc.record({
    item: fc.constantFrom(...items),
    isWhole: fc.boolean(),
    odd: mostly(fc.constant(undefined), oneOf(items)),
    note: mostly(fc.constant('The family was called'), fc.constant(null)),
    amount: mostly(fc.constant(2000), fc.constant(1500)),
  })
  const which = drawn.map(({ item, isWhole, odd, note, amount }) => ({
    outcome_id: odd ?? item.id,
    also: isWhole ? items.filter(({ caused_by }) => caused_by === item.id).map(({ id }) => id) : [],
    note,
    item,
    amount,
  }))
  return fc.oneof(
    commandWith(
      acceptItem,
      which.map(({ outcome_id, also, note }) => ({ outcome_id, also, note })),
    ),
    commandWith(
      dropItem,
      which.map(({ outcome_id, also, note }) => ({ outcome_id, also, note: note ?? ' ' })),
    ),
    commandWith(
      redoItem,
      which.map(({ outcome_id, also, note, item, amount }) => {
        const { command, args } = askedOf(item)
        const changed = command === 'payment.take' ? { ...(args as TakePaymentArgs), amount, allocations: [] } : args
        return { outcome_id, also, note, command, version: 1, args: changed }
      }),
    ),
  )
}

const paymentsIn = ({ families, methods, invoices }: SmallAcademy) => {
  const allocation = fc.record({
    invoice_id: oneOf(invoices, 3),
    amount,
    already_paid: mostly(fc.constant(0), fc.constantFrom(100, 1000, 6400)),
  })
  return fc
    .record({
      family_id: oneOf(families),
      method: mostly(fc.constantFrom(...methods.slice(0, 2)), fc.constantFrom(...methods)),
      allocations: fc.uniqueArray(allocation, { maxLength: 3, selector: ({ invoice_id }) => invoice_id }),
      more: mostly(fc.constantFrom(0, 500), fc.constant(-100)),
      handed: mostly(fc.constantFrom(0, 3600), fc.constant(-1)),
      reference: mostly(fc.constant('123456'), fc.constantFrom(null, ' ')),
    })
    .map(({ method, more, handed, allocations, ...payment }) => {
      const paid = Math.max(
        1,
        allocations.reduce<number>((sum, part) => sum + part.amount, more),
      )
      return {
        ...payment,
        method_id: method.id,
        amount: paid,
        tendered: method.kind === 'cash' ? Math.max(0, paid + handed) : null,
        allocations,
      }
    })
}

/** Args, or what they are once it is known what came before. */
const commandWith = <A extends object>(command: Command<A>, args: fc.Arbitrary<A | ((made: Made) => A)>) =>
  args.map((drawn) => ({
    // The args are the command's own; only their pairing with others in a list loses the type.
    command: command as unknown as Command<never>,
    argsAfter: (made: Made) => (typeof drawn === 'function' ? drawn(made) : drawn) as never,
  }))

/** Mostly somebody who may do all, or all but what is left to the office; sometimes less. */
const permissionSets: fc.Arbitrary<ReadonlySet<Permission>> = mostly(
  fc.constantFrom(permissionsWithout(), permissionsWithout('attendance.correct')),
  fc.subarray([...permissions]).map((missing) => permissionsWithout(...missing)),
)

/** Runs of commands, each under its own mutation id and with the next receipt number of the till. */
export const runsOf = (academy: SmallAcademy): fc.Arbitrary<readonly Step[]> =>
  fc
    .array(fc.record({ what: commandsIn(academy), clock: fc.nat(20), granted: permissionSets }), {
      minLength: 1,
      maxLength: maxCommands,
      size: 'max',
    })
    .map((drawn) => {
      const made: Made = { events: [], payments: [] }
      return drawn.map(({ what: { command, argsAfter }, clock, granted }, index) => {
        const mutationId = mutationIds[index] ?? ''
        const args = argsAfter(made)
        if (command.name.startsWith('check_')) made.events.push(rowId(mutationId, 1), rowId(mutationId, 2))
        if (command.name === takePayment.name) made.payments.push(rowId(mutationId, 1))
        const seriesNumber = drawsReceipt(command, args) ? index + 1 : null
        return {
          command,
          args,
          over: { mutationId, hlc: hlcOf(clock), seriesNumber, permissions: granted },
          toString: () => `${command.name} ${JSON.stringify(args)} at ${clock}`,
        }
      })
    })
