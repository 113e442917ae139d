import { describe, expect, test } from 'vitest'
import { acceptItem } from '../../../src-shared/commands/inbox/accept.ts'
import { dropItem } from '../../../src-shared/commands/inbox/drop.ts'
import { redoItem } from '../../../src-shared/commands/inbox/redo.ts'
import { databases, permissionsWithout, useDatabase } from '../../support/both-databases.ts'
import {
  about,
  again,
  attempt,
  attemptAtThePool,
  counter,
  money,
  moneyAtThePool,
  payment,
  poolDesk,
  poolTill,
  rows,
  unknown,
} from '../../support/inbox-academy.ts'
import { paymentOf } from '../../support/payment-args.ts'

const mayNotVoid = { permissions: permissionsWithout('payments.void') }

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
