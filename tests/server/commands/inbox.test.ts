import { describe, expect, test } from 'vitest'
import { acceptItem } from '../../../src-shared/commands/inbox/accept.ts'
import { dropItem } from '../../../src-shared/commands/inbox/drop.ts'
import { redoItem } from '../../../src-shared/commands/inbox/redo.ts'
import { recordCheckIn } from '../../../src-shared/commands/record-check-in.ts'
import { recordCheckOut } from '../../../src-shared/commands/record-check-out.ts'
import { formatHlc } from '../../../src-shared/hlc.ts'
import { presenceOf } from '../../../src-shared/rules/attendance.ts'
import * as build from '../../support/academy.ts'
import { databases, newMutationId, permissionsWithout, rowId, useDatabase } from '../../support/both-databases.ts'
import { counterRows } from '../../support/counter-rows.ts'
import { inboxItem } from '../../support/inbox-items.ts'
import { allocationOf, paymentOf } from '../../support/payment-args.ts'

const counter = counterRows()
const [mia] = counter.children
const place = { student_id: mia.id, session_id: counter.session.id }
const poolDesk = build.device({ id: build.newId(), name: 'Pool desk' })
const poolTill = { ...counter.till, id: build.newId(), device_id: poolDesk.id, code: 'WER3' }
const payment = paymentOf(counter)(2000, [allocationOf(counter.invoices[1], 2000)])

const checkIn = inboxItem({ args: { entries: [place] } })
const follower = inboxItem({ command: 'check_out.record', code: 'not_checked_in', caused_by: checkIn.id })
const notice = inboxItem({
  command: 'inbox.accept',
  code: 'forbidden',
  args: { outcome_id: checkIn.id, also: [], note: null },
  caused_by: checkIn.id,
})
const merged = inboxItem({ command: 'payment.take', outcome: 'merged', code: 'left_as_credit', args: payment })
const money = inboxItem({ command: 'payment.take', code: 'sequence_gap', args: payment })
const attempted = { outcome_id: money.id, also: [], note: null, command: 'payment.take', version: 1 }
const attempt = inboxItem({
  command: 'inbox.redo',
  code: 'not_found',
  args: { ...attempted, args: payment },
  caused_by: money.id,
})
/** By somebody at the pool who may, for a part of it. */
const attemptAtThePool = inboxItem({
  command: 'inbox.redo',
  code: 'already_settled',
  args: { ...attempted, args: { ...payment, amount: 500 } },
  caused_by: money.id,
  device_id: poolDesk.id,
})
const moneyAtThePool = inboxItem({
  command: 'payment.take',
  code: 'sequence_gap',
  args: payment,
  device_id: poolDesk.id,
})
const unknown = inboxItem({ command: '', code: 'bad_text' })
const rows = {
  ...counter.rows,
  devices: [...counter.rows.devices, poolDesk],
  tills: [...counter.rows.tills, poolTill],
  mutation_outcomes: [checkIn, follower, notice, merged, money, attempt, attemptAtThePool, moneyAtThePool, unknown],
}

const about = ({ id }: { readonly id: string }, also: readonly { readonly id: string }[] = []) => ({
  outcome_id: id,
  also: also.map((item) => item.id),
})
const again = (item: typeof checkIn, args: unknown, note: string | null = null) => ({
  ...about(item),
  note,
  command: item.command,
  version: 1,
  args,
})

const mayNotVoid = { permissions: permissionsWithout('payments.void') }

describe.each(databases)('an item of the inbox, on %s', (_name, open) => {
  const on = useDatabase(open, rows)
  const settled = async () => (await on.db.rows('inbox_settlements')).map(({ id, state }) => [id, state] as const)

  test('is accepted by somebody, with the time, the desk and a note', async () => {
    await on.db.run(acceptItem, { ...about(checkIn), note: 'Seen' })

    expect(await on.db.rows('inbox_settlements')).toEqual([
      {
        id: checkIn.id,
        facility_id: build.academy.facility_id,
        state: 'accepted',
        note: 'Seen',
        redone_by: null,
        at: '2026-11-21T05:12:00.000Z',
        staff_id: build.academy.staff_id,
        device_id: build.academy.device_id,
      },
    ])
  })

  test('is dropped with a reason only', async () => {
    await expect(on.db.run(dropItem, { ...about(checkIn), note: ' ' })).rejects.toMatchObject({ code: 'invalid_input' })

    await on.db.run(dropItem, { ...about(checkIn), note: 'She stayed at home' })

    expect(await settled()).toEqual([[checkIn.id, 'dropped']])
  })

  test('is done again with other arguments, and both stand together', async () => {
    const mutationId = newMutationId()
    const args = { entries: [{ ...place, student_id: counter.children[1].id }] }

    await on.db.run(redoItem, again(checkIn, args), { mutationId })

    expect(await on.db.rows('check_ins')).toMatchObject([{ id: rowId(mutationId, 1), ...args.entries[0] }])
    expect(await on.db.rows('inbox_settlements')).toMatchObject([{ state: 'redone', redone_by: mutationId }])
  })

  test('that tells when a child came tells so still, done again after the child left', async () => {
    const early = { ...checkIn, id: build.newId(), at: '2026-11-21T04:30:00.000Z' }
    await on.db.seed({ mutation_outcomes: [early] })
    const clock = (at: string) => ({ at, hlc: formatHlc({ ms: Date.parse(at), counter: 0 }, build.academy.device_id) })
    await on.db.run(recordCheckIn, { entries: [place] }, clock('2026-11-21T04:40:00.000Z'))
    await on.db.run(recordCheckOut, { entries: [place], guardian_id: null }, clock('2026-11-21T05:30:00.000Z'))

    await on.db.run(redoItem, again(early, { entries: [place] }), clock('2026-11-22T00:00:00.000Z'))

    expect(presenceOf(await on.db.rows('check_ins'))).toMatchObject({
      in: { at: early.at },
      out: { at: '2026-11-21T05:30:00.000Z' },
    })
  })

  test('stays open when doing it again is refused (X3)', async () => {
    const args = { entries: [{ ...place, student_id: build.newId() }] }

    await expect(on.db.run(redoItem, again(checkIn, args))).rejects.toMatchObject({ code: 'not_booked' })
    await expect(on.db.run(redoItem, again(checkIn, { nonsense: 1 }))).rejects.toMatchObject({ code: 'invalid_input' })

    expect([await settled(), await on.db.rows('check_ins')]).toEqual([[], []])
  })

  test('is done again by who may do it only, and as what it was only', async () => {
    const args = { entries: [place] }
    const permissions = permissionsWithout('check_ins.record')

    await expect(on.db.run(redoItem, again(checkIn, args), { permissions })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(on.db.run(redoItem, { ...again(checkIn, payment), command: 'payment.take' })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    await expect(on.db.run(redoItem, { ...again(checkIn, args), version: 7 })).rejects.toMatchObject({
      code: 'unknown_command',
    })

    expect(await settled()).toEqual([])
  })

  test('is settled by who could have done it, whoever did it (B9)', async () => {
    const elsewhere = { staffId: build.academy.staff_id, deviceId: poolDesk.id }

    await on.db.run(acceptItem, { ...about(checkIn), note: null }, elsewhere)
    await expect(
      on.db.run(acceptItem, { ...about(merged), note: null }, { permissions: permissionsWithout('payments.take') }),
    ).rejects.toMatchObject({ code: 'forbidden' })

    expect(await settled()).toEqual([[checkIn.id, 'accepted']])
  })

  test('that is not there cannot be settled', async () => {
    await expect(on.db.run(acceptItem, { ...about({ id: build.newId() }), note: null })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  test('that was merged has had its effect, and is not done again', async () => {
    await expect(on.db.run(redoItem, again(merged, payment))).rejects.toMatchObject({ code: 'invalid_input' })

    expect(await on.db.rows('payments')).toEqual([])
  })

  test('takes along what follows from it, as far as the person saw it, and nothing else (S7, X4)', async () => {
    await expect(on.db.run(dropItem, { ...about(checkIn, [merged]), note: 'No' })).rejects.toMatchObject({
      code: 'invalid_input',
    })

    await on.db.run(dropItem, { ...about(checkIn, [follower]), note: 'Nobody came' })

    expect(new Map(await settled())).toEqual(
      new Map([
        [checkIn.id, 'dropped'],
        [follower.id, 'dropped'],
      ]),
    )
  })

  test('that is done again takes along only what was about it: the rest is still to be done', async () => {
    const args = { entries: [place] }
    await expect(on.db.run(redoItem, { ...again(checkIn, args), ...about(checkIn, [follower]) })).rejects.toMatchObject(
      { code: 'invalid_input' },
    )

    await on.db.run(redoItem, { ...again(checkIn, args), ...about(checkIn, [notice]) })

    expect(new Map(await settled())).toEqual(
      new Map([
        [checkIn.id, 'redone'],
        [notice.id, 'accepted'],
      ]),
    )
  })
})

describe.each(databases)('an item that somebody has settled, on %s', (_name, open) => {
  const on = useDatabase(open, rows)

  test('tells the one who is later who it was, when, and how (X2)', async () => {
    await on.db.run(dropItem, { ...about(checkIn), note: 'Nobody came' })

    const later = { code: 'already_settled', details: { state: 'dropped', staff_id: build.academy.staff_id } }
    await expect(on.db.run(dropItem, { ...about(checkIn), note: 'No' })).rejects.toMatchObject(later)
    await expect(on.db.run(acceptItem, { ...about(checkIn), note: null })).rejects.toMatchObject(later)
    await expect(on.db.run(redoItem, again(checkIn, { entries: [place] }))).rejects.toMatchObject(later)
    expect(await on.db.rows('check_ins')).toEqual([])
    expect(await on.db.rows('inbox_settlements')).toMatchObject([{ note: 'Nobody came' }])
  })

  test('is not told to who accepts what was accepted: so no item ever leads to another one for ever (X2)', async () => {
    await on.db.run(acceptItem, { ...about(notice), note: 'First' })

    expect(await on.db.run(acceptItem, { ...about(notice), note: 'Second' })).toBeUndefined()

    expect(await on.db.rows('inbox_settlements')).toMatchObject([{ id: notice.id, note: 'First' }])
  })

  test('cannot be a notice that is dropped or done again: it is only read', async () => {
    await expect(on.db.run(dropItem, { ...about(notice), note: 'No' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(on.db.run(redoItem, again(notice, {}))).rejects.toMatchObject({ code: 'invalid_input' })
  })
})

describe.each(databases)('money that was taken and is in no book (X5), on %s', (_name, open) => {
  const on = useDatabase(open, rows)
  const states = async () => (await on.db.rows('inbox_settlements')).map(({ id, state }) => [id, state] as const)

  test('cannot be accepted away, by nobody, and not along with something else', async () => {
    await expect(on.db.run(acceptItem, { ...about(money), note: 'Ok' })).rejects.toMatchObject({
      code: 'money_unbooked',
    })
    await expect(on.db.run(acceptItem, { ...about(unknown), note: 'Ok' })).rejects.toMatchObject({
      code: 'money_unbooked',
    })

    expect(await states()).toEqual([])
  })

  test('is dropped by who may take payments back only', async () => {
    const drop = { ...about(money, [attempt]), note: 'The family took it back' }
    await expect(on.db.run(dropItem, drop, mayNotVoid)).rejects.toMatchObject({ code: 'forbidden' })

    await on.db.run(dropItem, drop)

    expect(new Map(await states())).toEqual(
      new Map([
        [money.id, 'dropped'],
        [attempt.id, 'dropped'],
      ]),
    )
  })

  test('is booked by doing it again, under a new receipt number', async () => {
    await on.db.run(redoItem, again(money, payment), mayNotVoid)

    expect(await on.db.rows('payments')).toMatchObject([{ amount: 2000 }])
    expect(await on.db.rows('receipts')).toMatchObject([{ number: 1 }])
    expect(await states()).toEqual([[money.id, 'redone']])
  })

  test('is booked lower by who may take payments back, and says why', async () => {
    const lower = paymentOf(counter)(1500, [])
    await expect(on.db.run(redoItem, again(money, lower, 'Typo'), mayNotVoid)).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(on.db.run(redoItem, again(money, lower))).rejects.toMatchObject({ code: 'reason_missing' })

    await on.db.run(redoItem, again(money, lower, 'Typo: 15.00 was handed over'))

    expect(await on.db.rows('payments')).toMatchObject([{ amount: 1500 }])
  })

  test('is booked at the till that it lies in, or by who may take payments back', async () => {
    await expect(on.db.run(redoItem, again(moneyAtThePool, payment), mayNotVoid)).rejects.toMatchObject({
      code: 'forbidden',
      details: { till: 'WER3' },
    })

    await on.db.run(redoItem, again(moneyAtThePool, payment))

    expect(await states()).toEqual([[moneyAtThePool.id, 'redone']])
  })

  test('is not what an attempt holds as long as the payment itself is in the inbox', async () => {
    await on.db.run(acceptItem, { ...about(attempt), note: null }, mayNotVoid)

    expect(await states()).toEqual([[attempt.id, 'accepted']])
  })

  test('is what an attempt holds once the payment was dropped', async () => {
    await on.db.run(dropItem, { ...about(money), note: 'Not in the drawer' })

    await expect(on.db.run(acceptItem, { ...about(attempt), note: null })).rejects.toMatchObject({
      code: 'money_unbooked',
    })
  })

  test('is booked where, and as much as, it was taken, whoever attempted that where and for how much', async () => {
    const redo = { ...again(money, paymentOf(counter)(500, [])), ...about(attemptAtThePool) }
    const atThePool = { ...mayNotVoid, deviceId: poolDesk.id, till: poolTill }
    await on.db.run(dropItem, { ...about(money), note: 'Not in the drawer' })

    await expect(on.db.run(redoItem, redo, atThePool)).rejects.toMatchObject({ details: { till: 'WER2' } })
    await expect(on.db.run(redoItem, redo, mayNotVoid)).rejects.toMatchObject({ code: 'forbidden' })
    await on.db.run(redoItem, { ...redo, args: payment }, mayNotVoid)

    expect(await on.db.rows('payments')).toMatchObject([{ amount: 2000 }])
  })
})
