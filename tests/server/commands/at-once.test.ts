import { describe, expect, test } from 'vitest'
import { addWalkIn } from '../../../src-shared/commands/add-walk-in.ts'
import { closeRoll } from '../../../src-shared/commands/close-roll.ts'
import { markAttendance } from '../../../src-shared/commands/mark-attendance.ts'
import { recordCheckIn } from '../../../src-shared/commands/record-check-in.ts'
import { takePayment } from '../../../src-shared/commands/take-payment.ts'
import { voidPayment } from '../../../src-shared/commands/void-payment.ts'
import * as build from '../../support/academy.ts'
import {
  newMutationId,
  openPostgresCommands,
  permissionsWithout,
  rowId,
  useDatabase,
} from '../../support/both-databases.ts'
import { counterRows } from '../../support/counter-rows.ts'
import { allocationOf, paymentOf } from '../../support/payment-args.ts'

const counter = counterRows()
const [mia] = counter.children
const [older, newer] = counter.invoices
const { id: session_id } = counter.session
const ada = build.student({ first_name: 'Ada' })
const rows = {
  ...counter.rows,
  students: [...counter.children, ada],
  family_students: [...counter.rows.family_students, build.childOf(counter.family, ada)],
}
const pay = paymentOf(counter)
const everybody = counter.children.map(({ id }) => ({ student_id: id, code: 'present' as const, note: null }))
const instructor = { permissions: permissionsWithout('attendance.correct') }

describe('two commands at once on PostgreSQL', () => {
  const on = useDatabase(openPostgresCommands, rows)

  /**
   * Starts a command while another one is not yet committed, and commits that one as soon as the new one waits for it.
   * If it does not wait, it is through with what it believed, and the test sees that.
   */
  const whileHeld = async <T>(held: { readonly commit: () => Promise<unknown> }, start: () => Promise<T>) => {
    const second = start()
    const settled = second.then(
      () => undefined,
      () => undefined,
    )
    const stopped = new AbortController()
    await Promise.race([settled, on.db.someoneWaits(stopped.signal)])
    stopped.abort()
    const first = await held.commit()
    return { first, second }
  }

  const allocated = async (): Promise<number> =>
    (await on.db.rows('payment_allocations'))
      .filter(({ invoice_id }) => invoice_id === older.id)
      .reduce((sum, { amount }) => sum + amount, 0)

  test('two payments for one invoice: the second one becomes credit', async () => {
    const args = pay(6400, [allocationOf(older, 6400)])
    const held = await on.db.hold(takePayment, args)

    const { first, second } = await whileHeld(held, () => on.db.run(takePayment, args))

    expect(first).toBeUndefined()
    expect(await second).toMatchObject({ code: 'left_as_credit', details: { credit: 6400 } })
    expect(await allocated()).toBe(6400)
    expect(await on.db.rows('payments')).toHaveLength(2)
  })

  test('payments for two invoices of one family: both are paid', async () => {
    const held = await on.db.hold(takePayment, pay(6400, [allocationOf(older, 6400)]))

    const { second } = await whileHeld(held, () => on.db.run(takePayment, pay(2000, [allocationOf(newer, 2000)])))

    expect(await second).toBeUndefined()
    expect(await on.db.rows('payment_allocations')).toHaveLength(2)
  })

  test('eight payments for one invoice: never more than it waits for', async () => {
    const args = pay(2000, [allocationOf(older, 2000)])

    const merged = await Promise.all(Array.from({ length: 8 }, () => on.db.run(takePayment, args)))

    expect(await allocated()).toBe(6400)
    expect(await on.db.rows('payments')).toHaveLength(8)
    expect(merged.filter((remark) => remark?.code === 'left_as_credit')).toHaveLength(5)
  })

  test('a void and a payment: what was reopened is paid again', async () => {
    const paid = newMutationId()
    const args = pay(6400, [allocationOf(older, 6400)])
    await on.db.run(takePayment, args, { mutationId: paid })
    const held = await on.db.hold(voidPayment, { payment_id: rowId(paid, 1), reason: 'Wrong way to pay' })

    const { second } = await whileHeld(held, () => on.db.run(takePayment, args))

    expect(await second).toBeUndefined()
    expect(await on.db.rows('payment_allocations')).toHaveLength(2)
  })

  test('two voids: the second one says that it was done', async () => {
    const paid = newMutationId()
    await on.db.run(takePayment, pay(2000, []), { mutationId: paid })
    const payment_id = rowId(paid, 1)
    const held = await on.db.hold(voidPayment, { payment_id, reason: 'First' })

    const { second } = await whileHeld(held, () => on.db.run(voidPayment, { payment_id, reason: 'Second' }))

    await expect(second).rejects.toMatchObject({ code: 'already_voided' })
    expect(await on.db.rows('payment_voids')).toMatchObject([{ reason: 'First' }])
  })

  test('a mark that is taken back, and the closing: the roll stays open', async () => {
    await on.db.run(markAttendance, { session_id, marks: everybody })
    const marks = [{ student_id: mia.id, code: 'not_recorded' as const, note: null }]
    const held = await on.db.hold(markAttendance, { session_id, marks })

    const { second } = await whileHeld(held, () => on.db.run(closeRoll, { session_id }))

    await expect(second).rejects.toMatchObject({ code: 'roll_incomplete', details: { missing: 1 } })
    expect(await on.db.rows('sessions')).toMatchObject([{ roll_closed_at: null }])
  })

  test('the closing, and a walk-in of the instructor: the roll is closed without it', async () => {
    await on.db.run(markAttendance, { session_id, marks: everybody })
    const held = await on.db.hold(closeRoll, { session_id })

    const { second } = await whileHeld(held, () => on.db.run(addWalkIn, { session_id, student_id: ada.id }, instructor))

    await expect(second).rejects.toMatchObject({ code: 'roll_closed' })
    expect(await on.db.rows('bookings')).toHaveLength(3)
    expect(await on.db.rows('attendance_marks')).toHaveLength(3)
  })

  test('a walk-in, and the closing: the roll is closed with it', async () => {
    await on.db.run(markAttendance, { session_id, marks: everybody })
    const held = await on.db.hold(addWalkIn, { session_id, student_id: ada.id })

    const { second } = await whileHeld(held, () => on.db.run(closeRoll, { session_id }))

    await expect(second).resolves.toBeUndefined()
    expect(await on.db.rows('sessions')).toMatchObject([{ status: 'completed' }])
    expect(await on.db.rows('attendance_marks')).toHaveLength(4)
  })

  test('two walk-ins of one child: one place, and the second one says so', async () => {
    const args = { session_id, student_id: ada.id }
    const held = await on.db.hold(addWalkIn, args)

    const { second } = await whileHeld(held, () => on.db.run(addWalkIn, args))

    expect(await second).toMatchObject({ code: 'already_booked' })
    expect((await on.db.rows('bookings')).filter(({ student_id }) => student_id === ada.id)).toHaveLength(1)
  })

  test('check-ins of one child at two desks do not wait for each other', async () => {
    const args = { entries: [{ student_id: mia.id, session_id }] }
    const held = await on.db.hold(recordCheckIn, args)

    await on.db.run(recordCheckIn, args)
    await held.commit()

    expect(await on.db.rows('check_ins')).toHaveLength(2)
  })
})
