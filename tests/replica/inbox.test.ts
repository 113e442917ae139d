import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { acceptClosed } from '../../src-main/data/desk/accept-closed.ts'
import type { Store } from '../../src-main/data/store.ts'
import { findCommand } from '../../src-shared/commands/index.ts'
import { inboxCount } from '../../src-shared/queries/inbox-count.ts'
import { inboxList, inboxSent } from '../../src-shared/queries/inbox.ts'
import { argsToTell } from '../../src-shared/rules/inbox-args.ts'
import type { Database } from '../../src-shared/schema/tables.ts'
import { academy, contextWith, newId } from '../support/academy.ts'
import { permissionsWithout } from '../support/both-databases.ts'
import { counterRows, entriesOf, type Rows } from '../support/counter-rows.ts'
import { inboxItem } from '../support/inbox-items.ts'
import { allocationOf, paymentOf } from '../support/payment-args.ts'
import { actorOf, openCounterStore, removeFolder, rowsOf, storeParts, temporaryFolder } from '../support/store.ts'

let folder: string
let store: Store
const counter = counterRows()
const place = { student_id: counter.children[0].id, session_id: counter.session.id }
const checkIn = inboxItem({ args: { entries: [place] } })
const payment = paymentOf(counter)(2000, [allocationOf(counter.invoices[1], 2000)])

beforeEach(async () => {
  folder = temporaryFolder()
  store = await openCounterStore(folder, counter)
})
afterEach(async () => {
  await store.close()
  removeFolder(folder)
})

let position = 1000
const arrive = (rows: Rows) => {
  const entries = entriesOf(rows, position)
  position += entries.length
  return store.apply({ entries, position, serverTime: '2026-11-21T05:13:00.000Z', handle: 'handle-1' })
}
const items = (...mutation_outcomes: Database['mutation_outcomes'][]) => arrive({ mutation_outcomes })
const settlement = (over: Partial<Database['inbox_settlements']> = {}): Database['inbox_settlements'] => ({
  id: checkIn.id,
  facility_id: academy.facility_id,
  state: 'dropped',
  note: 'Nobody came',
  redone_by: null,
  at: '2026-11-21T05:10:00.000Z',
  staff_id: academy.staff_id,
  device_id: academy.device_id,
  ...over,
})
const progress = (last_seq: number) => ({
  device_progress: [{ id: academy.device_id, facility_id: academy.facility_id, last_seq }],
})
const run = (name: string, args: unknown) => store.run(findCommand(name, 1), args, actorOf(counter))
const redo = () =>
  run('inbox.redo', {
    outcome_id: checkIn.id,
    also: [],
    note: null,
    command: 'check_in.record',
    version: 1,
    args: { entries: [place] },
  })
const list = (context = contextWith()) => inboxList.run(store.replica.reads, {}, context)
const count = (context = contextWith()) => inboxCount.run(store.replica.reads, {}, context)
const localRefusals = () =>
  store.replica.db.prepare("select json_extract(error, '$.code') from local_refusals").pluck().all()

describe('settling while unsent', () => {
  test('stays in place when the log moves on (R1)', async () => {
    await items(checkIn)
    await redo()

    await arrive({ families: [{ ...counter.family, name: 'Berg-Olsen' }] })

    expect(rowsOf(store, 'inbox_settlements')).toMatchObject([{ id: checkIn.id, state: 'redone' }])
    expect(rowsOf(store, 'check_ins')).toHaveLength(1)
  })

  test('gives way when somebody else was first, with all that it did, and says so (R3, R5)', async () => {
    await items(checkIn)
    await redo()

    await arrive({ inbox_settlements: [settlement()] })

    expect(rowsOf(store, 'inbox_settlements')).toEqual([settlement()])
    expect(rowsOf(store, 'check_ins')).toEqual([])
    expect(localRefusals()).toEqual(['already_settled'])
    expect(store.desk.mutationsAfter(0, 10)).toHaveLength(1)
  })

  test('is confirmed by its own rows alone', async () => {
    await items(checkIn)
    await redo()
    const own = { check_ins: rowsOf(store, 'check_ins'), inbox_settlements: rowsOf(store, 'inbox_settlements') }

    await arrive({ ...own, ...progress(1) } as never)

    expect(store.progress).toBe(1)
    expect(rowsOf(store, 'inbox_settlements')).toEqual(own.inbox_settlements)
    expect(localRefusals()).toEqual([])
  })

  test('of what somebody accepted before changes nothing, also when it is decided (R3)', async () => {
    const first = settlement({ state: 'accepted', note: 'First' })
    await items(checkIn)
    await run('inbox.accept', { outcome_id: checkIn.id, also: [], note: 'Second' })
    await arrive({ inbox_settlements: [first] })

    await arrive(progress(1))

    expect(rowsOf(store, 'inbox_settlements')).toEqual([first])
    expect(localRefusals()).toEqual([])
  })

  test('is open again when the server refused it, and the attempt is under it', async () => {
    await items(checkIn)
    const { envelope } = await redo()
    const attempt = inboxItem({
      id: envelope.id,
      command: 'inbox.redo',
      args: envelope.args,
      code: 'not_booked',
      caused_by: checkIn.id,
    })

    await arrive({ mutation_outcomes: [attempt], ...progress(1) })

    expect((await list()).open).toMatchObject([{ id: checkIn.id, under: [{ id: attempt.id, is_attempt: true }] }])
    expect(rowsOf(store, 'check_ins')).toEqual([])
  })

  test('runs again on items that come with the same batch', async () => {
    await items(checkIn)
    await redo()
    await arrive({ inbox_settlements: [settlement({ id: newId() })], mutation_outcomes: [inboxItem()] })

    expect(rowsOf(store, 'inbox_settlements')).toHaveLength(2)
    expect((await list()).open).toHaveLength(1)
  })
})

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
    await expect(inboxSent.run(store.replica.reads, { outcome_id: money.id }, context)).rejects.toMatchObject({
      code: 'forbidden',
    })
  })

  test('shows nothing of arguments that were shortened, and does not do them again', async () => {
    await items({ ...money, args: argsToTell({ ...payment, note: 'x'.repeat(70_000) }) })

    const { open } = await list()

    expect(open).toMatchObject([{ command: 'payment.take', args: null, is_money_unbooked: true, may: { redo: false } }])
    expect(await inboxSent.run(store.replica.reads, { outcome_id: money.id }, contextWith())).toMatchObject({
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

    expect(item).toMatchObject({ id: undo.id, args: { check_in_ids: [rowsOf(store, 'check_ins')[0]?.['id']] } })
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

describe('what was marked as read on this computer alone, by an older program', () => {
  const closeAsBefore = (id: string): void => {
    const { environment, key } = storeParts(folder, counter)
    const db = environment.disk.open(path.join(folder, 'desk.db'), { key, synchronous: 'FULL' })
    db.prepare('insert into closed_outcomes values (?, ?)').run(id, '2026-11-20T05:00:00.000Z')
    db.close()
  }

  test('is accepted for all desks by who signs in next, once', async () => {
    await items(checkIn)
    closeAsBefore(checkIn.id)

    await acceptClosed(store, actorOf(counter))
    await acceptClosed(store, actorOf(counter))

    expect(rowsOf(store, 'inbox_settlements')).toMatchObject([{ id: checkIn.id, state: 'accepted' }])
    expect(store.desk.mutationsAfter(0, 10)).toHaveLength(1)
    expect(store.desk.closedOutcomes().size).toBe(0)
  })

  test('waits for somebody who may', async () => {
    await items(checkIn)
    closeAsBefore(checkIn.id)

    await acceptClosed(store, { ...actorOf(counter), permissions: permissionsWithout('check_ins.record') })
    expect((await list()).open).toHaveLength(1)
    await acceptClosed(store, actorOf(counter))

    expect((await list()).open).toEqual([])
  })

  test('is open again when it is money that is in no book', async () => {
    const money = inboxItem({ command: 'payment.take', args: payment })
    await items(money)
    closeAsBefore(money.id)

    await acceptClosed(store, actorOf(counter))

    expect((await list()).open).toMatchObject([{ id: money.id }])
    expect(store.desk.closedOutcomes().size).toBe(0)
  })
})
