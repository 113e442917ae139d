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
import * as build from './academy.ts'
import { hlcOf, newMutationId, permissionsWithout, rowId } from './both-databases.ts'
import { type Counter, counterRows, type Rows } from './counter-rows.ts'
import { inboxItem } from './inbox-items.ts'
import { paymentOf } from './payment-args.ts'

/** The most commands of one run. */
const maxCommands = 12

/**
 * The counter's rows and, around them, what commands can stumble over: a session that was cancelled, one whose roll is
 * closed, one of another facility; a cancelled booking; a family of another facility; an invoice of several lines, one of
 * another currency and one that is void; ways to pay that want a reference or are archived; a payment taken elsewhere;
 * a second desk, and an inbox with items of each kind.
 */
export const smallAcademy = () => {
  const counter = counterRows()
  const { organization_id, facility_id, staff_id } = build.academy
  const elsewhere = build.facility({ id: build.newId(), name: 'Geelong', code: 'GEE', currency: 'NZD' })
  const otherDevice = build.device({ id: build.newId(), facility_id: elsewhere.id })
  const otherTill = { id: build.newId(), facility_id: elsewhere.id, device_id: otherDevice.id, code: 'GEE1' }
  const otherClass = build.cohort({ facility_id: elsewhere.id })
  const { class_id } = counter.session
  const sessions = [
    counter.session,
    build.session({ class_id, starts_at: '17:30', ends_at: '18:00' }),
    build.session({ class_id, status: 'cancelled' }),
    build.session({ class_id, roll_closed_at: '2026-11-21T05:00:00.000Z', roll_closed_by: staff_id }),
    build.session({ class_id: otherClass.id, facility_id: elsewhere.id }),
  ] as const
  const stranger = build.family({ name: 'Stranger' })
  const friends = build.family({ name: 'Okoro' })
  const [friend, strange] = [build.student({ first_name: 'Ada' }), build.student({ first_name: 'Una' })]
  const students = [...counter.children, friend, strange]
  const guardians = [
    ...counter.rows.guardians,
    build.guardian({ family_id: friends.id }),
    build.guardian({ family_id: stranger.id }),
  ]
  const method = (over: Partial<typeof counter.cash>) => ({ ...counter.cash, id: build.newId(), ...over })
  const methods = [
    counter.cash,
    method({ name: 'Card', kind: 'card_terminal', hotkey: 'D', reference_label: 'Slip number' }),
    method({ name: 'Cheque', kind: 'cheque', hotkey: 'Q', archived_at: '2026-01-01T00:00:00.000Z' }),
  ]
  const { family } = counter
  const invoices = [
    ...counter.invoices,
    build.invoice({ family_id: family.id, number: 'INV-0003' }),
    build.invoice({ family_id: family.id, number: 'GEE-0001', facility_id: elsewhere.id, currency: 'NZD' }),
    build.invoice({ family_id: family.id, number: 'INV-0004', status: 'void' }),
    build.invoice({ family_id: friends.id, number: 'INV-0005' }),
    build.invoice({ family_id: stranger.id, number: 'GEE-0002', facility_id: elsewhere.id }),
  ]
  const line = (n: number, over: Partial<(typeof counter.rows.invoice_lines)[number]> = {}) =>
    build.invoiceLine({ family_id: invoices[n]?.family_id ?? '', invoice_id: invoices[n]?.id ?? '', ...over })
  const paidElsewhere = {
    id: build.newId(),
    family_id: family.id,
    facility_id: elsewhere.id,
    till_id: otherTill.id,
    method_id: counter.cash.id,
    currency: 'NZD',
    amount: 100,
    tendered: null,
    reference: null,
    at: '2026-11-20T05:00:00.000Z',
    staff_id,
    device_id: otherDevice.id,
  }
  const poolDesk = build.device({ id: build.newId(), name: 'Pool desk' })
  const poolTill = { id: build.newId(), facility_id, device_id: poolDesk.id, code: 'WER3' }
  const items = inboxOf(counter, poolDesk.id)
  const rows = {
    ...counter.rows,
    facilities: [...counter.rows.facilities, elsewhere],
    devices: [...counter.rows.devices, poolDesk, otherDevice],
    tills: [...counter.rows.tills, poolTill, otherTill],
    payment_methods: methods,
    classes: [...counter.rows.classes, otherClass],
    sessions,
    families: [family, friends, stranger],
    family_facilities: [
      { id: build.newId(), family_id: family.id, facility_id },
      { id: build.newId(), family_id: family.id, facility_id: elsewhere.id },
      { id: build.newId(), family_id: friends.id, facility_id },
      { id: build.newId(), family_id: stranger.id, facility_id: elsewhere.id },
    ],
    guardians,
    students,
    family_students: [
      ...counter.rows.family_students,
      build.childOf(friends, friend),
      build.childOf(stranger, strange),
      // A child of two households.
      build.childOf(friends, counter.children[2]),
    ],
    bookings: [
      ...counter.rows.bookings,
      ...sessions.slice(1, 4).map(({ id }) => build.booking({ session_id: id, student_id: counter.children[0].id })),
      build.booking({ session_id: sessions[1].id, student_id: friend.id, cancelled_at: '2026-11-01T00:00:00.000Z' }),
      // A trial of a child whose family is linked to the other facility only.
      build.booking({ session_id: sessions[1].id, student_id: strange.id, kind: 'trial' }),
      build.booking({ session_id: sessions[4].id, student_id: strange.id, facility_id: elsewhere.id }),
    ],
    invoices,
    invoice_lines: [
      ...counter.rows.invoice_lines,
      line(2, { total: 1000, unit_amount: 1000, tax_amount: 91 }),
      line(2, { total: 333, unit_amount: 333, tax_name: null, tax_amount: 0 }),
      ...[3, 4, 5, 6].map((n) => line(n)),
    ],
    payments: [paidElsewhere],
    mutation_outcomes: items,
  } satisfies Rows
  return {
    organization_id,
    rows,
    sessions,
    students,
    guardians,
    methods,
    invoices,
    families: rows.families,
    paidElsewhere,
    items,
  }
}

/** What was refused or merged before, of this desk and of the one at the pool. */
const inboxOf = (counter: Counter, poolDesk: string) => {
  const [invoice] = counter.invoices
  const payment = paymentOf(counter)(2000, [{ invoice_id: invoice.id, amount: 2000, already_paid: 0 }])
  const walkIn = { session_id: counter.session.id, student_id: counter.children[0].id }
  const money = { command: 'payment.take', args: payment, code: 'sequence_gap' }
  const refusedPayment = inboxItem(money)
  const refusedWalkIn = inboxItem({ command: 'attendance.walk_in', args: walkIn, code: 'roll_closed' })
  return [
    refusedPayment,
    refusedWalkIn,
    inboxItem({ ...money, device_id: poolDesk }),
    inboxItem({ ...money, outcome: 'merged', code: 'left_as_credit' }),
    inboxItem({
      command: 'inbox.redo',
      args: { outcome_id: refusedPayment.id, also: [], note: null, command: 'payment.take', version: 1, args: payment },
      caused_by: refusedPayment.id,
    }),
    inboxItem({
      command: 'attendance.mark',
      args: { ...walkIn, marks: [] },
      code: 'not_booked',
      caused_by: refusedWalkIn.id,
    }),
    inboxItem({
      command: 'inbox.accept',
      args: { outcome_id: refusedWalkIn.id, also: [], note: null },
      code: 'forbidden',
      caused_by: refusedWalkIn.id,
    }),
    inboxItem({ command: 'locker.rent', code: 'unknown_command' }),
  ]
}

export type SmallAcademy = ReturnType<typeof smallAcademy>

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
