import { describe, expect, test } from 'vitest'
import { inboxSent } from '../../src-shared/queries/inbox.ts'
import { argsToTell } from '../../src-shared/rules/inbox-args.ts'
import { academy, contextWith, newId } from '../support/academy.ts'
import { permissionsWithout } from '../support/both-databases.ts'
import { inboxItem } from '../support/inbox-items.ts'
import { replicaInbox } from '../support/replica-inbox.ts'
import { rowsOf } from '../support/store.ts'

const { counter, store, place, checkIn, payment, arrive, items, settlement, run, redo, list, count } = replicaInbox()

describe('what a person sees of the inbox', () => {
  const money = inboxItem({
    command: 'payment.take',
    code: 'sequence_gap',
    args: payment,
    details: '{"credit":2000}',
    message: 'Of 20.00',
    staff_id: newId(),
    instead: JSON.stringify([
      {
        kind: 'payment',
        payment_id: newId(),
        invoice_id: counter.invoices[1].id,
        amount: 2000,
        receipt: 'WER2-000001',
        at: '2026-11-21T05:00:00.000Z',
        staff_id: academy.staff_id,
        device_id: academy.device_id,
      },
    ]),
  })

  test('names who did what instead, and where', async () => {
    await items(money)

    const [item] = (await list()).open

    expect(item).toMatchObject({
      args: payment,
      is_money_unbooked: true,
      instead: [{ receipt: 'WER2-000001', by: 'Sam Lee', desk: 'Desk 1' }],
      may: { accept: false, drop: true, redo: true },
    })
  })

  test('says nothing of money to who may not read it, not even how much', async () => {
    await items(money)
    const context = contextWith(permissionsWithout('money.read', 'payments.take', 'payments.void'))

    const { open } = await list(context)

    expect(JSON.stringify(open)).not.toMatch(/2000|20\.00|WER2-/)
    expect(open).toMatchObject([{ command: 'payment.take', is_hidden: true, args: null, may: { redo: false } }])
    expect(await count(context)).toEqual({ needs_you: 0, open: 1 })
    await expect(inboxSent.run(store().replica.reads, { outcome_id: money.id }, context)).rejects.toMatchObject({
      code: 'forbidden',
    })
  })

  test('shows nothing of arguments that were shortened, and does not do them again', async () => {
    await items({ ...money, args: argsToTell({ ...payment, note: 'x'.repeat(70_000) }) })

    const { open } = await list()

    expect(open).toMatchObject([{ command: 'payment.take', args: null, is_money_unbooked: true, may: { redo: false } }])
    expect(await inboxSent.run(store().replica.reads, { outcome_id: money.id }, contextWith())).toMatchObject({
      args: expect.stringContaining('shortened_from') as string,
    })
  })

  test('takes the amount of money from arguments that were shortened', async () => {
    await items({ ...money, args: argsToTell({ ...payment, note: 'x'.repeat(70_000) }) })
    const less = { ...payment, amount: 1, allocations: [] }
    const which = { outcome_id: money.id, also: [], note: null, command: 'payment.take', version: 1 }

    await expect(run('inbox.redo', { ...which, args: less })).rejects.toMatchObject({ code: 'reason_missing' })
  })

  test('sends who took money to its own till, unless they may take payments back', async () => {
    const elsewhere = { id: newId(), facility_id: academy.facility_id, code: 'WER3', device_id: newId() }
    await arrive({ tills: [elsewhere], mutation_outcomes: [{ ...money, device_id: elsewhere.device_id }] })

    const [cashier] = (await list(contextWith(permissionsWithout('payments.void')))).open
    const [manager] = (await list()).open

    expect(cashier).toMatchObject({ till: 'WER3', may: { accept: false, drop: false, redo: false } })
    expect(manager).toMatchObject({ till: null, may: { accept: false, drop: true, redo: true } })
  })

  test('does not offer money again that was booked by another attempt at what was dropped (X5)', async () => {
    const attempts = [1, 2].map(() =>
      inboxItem({
        command: 'inbox.redo',
        args: { outcome_id: money.id, also: [], note: null, command: 'payment.take', version: 1, args: payment },
        caused_by: money.id,
      }),
    )
    const [booked, other] = attempts.map(({ id }) => id)
    await items(money, ...attempts)
    const done = { id: booked ?? '', state: 'redone', note: null, redone_by: newId() } as const
    await arrive({ inbox_settlements: [settlement({ id: money.id }), settlement(done)] })

    expect((await list()).open).toMatchObject([
      { id: other, is_money_unbooked: false, may: { accept: true, redo: false } },
    ])
  })

  test('nor money that went through after all, on a server that was set back (S5)', async () => {
    const { envelope } = await run('payment.take', payment)
    const args = { outcome_id: envelope.id, also: [], note: null, command: 'payment.take', version: 1, args: payment }
    await items(inboxItem({ command: 'inbox.redo', code: 'not_found', args, suggestion: 'book_the_money' }))

    expect((await list()).open).toMatchObject([
      { is_money_unbooked: false, suggestion: 'nothing_to_do', may: { accept: true, redo: false } },
    ])
  })

  test('puts what follows from an item under it, and counts it as one thing (S7)', async () => {
    const follower = inboxItem({ command: 'check_out.record', code: 'not_checked_in', caused_by: checkIn.id })
    await items(checkIn, follower)
    expect(await list()).toMatchObject({ open: [{ id: checkIn.id, under: [{ id: follower.id }] }] })
    expect(await count()).toEqual({ needs_you: 1, open: 1 })

    await redo()

    expect(await list()).toMatchObject({ open: [{ id: follower.id, under: [] }], settled: [{ id: checkIn.id }] })
    expect(await count()).toEqual({ needs_you: 1, open: 1 })
  })

  test('says to settle the other first only as long as that is open (S7)', async () => {
    const follows = { caused_by: checkIn.id, suggestion: 'first_the_other' }
    const mark = inboxItem({ ...follows, command: 'attendance.mark', code: 'not_booked', device_seq: 2 })
    const late = inboxItem({
      ...follows,
      command: 'inbox.redo',
      code: 'already_settled',
      args: { outcome_id: checkIn.id, also: [], note: null, command: 'check_in.record', version: 1, args: {} },
    })
    await items(checkIn, mark, late)
    expect((await list()).open).toMatchObject([{ under: [{ suggestion: 'first_the_other' }, {}] }])

    await redo()

    const suggestions = new Map((await list()).open.map(({ id, suggestion }) => [id, suggestion]))
    expect([suggestions.get(mark.id), suggestions.get(late.id)]).toEqual(['do_again', 'nothing_to_do'])
  })

  test('offers what follows from something that was done again with the new rows of that (S7)', async () => {
    const refused = inboxItem({ id: '01924e9a-0000-7000-8000-00000000a000', args: { entries: [place] } })
    const undo = inboxItem({
      command: 'check_in.undo',
      code: 'not_found',
      args: { check_in_ids: ['01924e9a-0000-7000-8000-00000000a001'] },
      caused_by: refused.id,
    })
    await items(refused, undo)
    await run('inbox.redo', {
      outcome_id: refused.id,
      also: [],
      note: null,
      command: 'check_in.record',
      version: 1,
      args: { entries: [place] },
    })

    const [item] = (await list()).open

    expect(item).toMatchObject({ id: undo.id, args: { check_in_ids: [rowsOf(store(), 'check_ins')[0]?.['id']] } })
  })

  test('also shows what this program does not know, as far as it can', async () => {
    const strange = inboxItem({ command: 'locker.rent', code: 'locker_full', suggestion: 'call_the_mayor', args: 5 })
    await items({ ...strange, instead: '[{"kind":"weather"}]' })

    expect((await list()).open).toMatchObject([
      { command: 'locker.rent', error: { code: 'unexpected' }, suggestion: 'look', instead: [], may: { redo: false } },
    ])
  })

  test('is all of a very long list, counted, and as much of it as a person reads', async () => {
    await items(...Array.from({ length: 250 }, (_, index) => inboxItem({ device_seq: index + 1 })))

    expect((await list()).open).toHaveLength(200)
    expect(await count()).toEqual({ needs_you: 250, open: 250 })
  })
})
