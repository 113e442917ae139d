import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { acceptClosed } from '../../src-main/data/desk/accept-closed.ts'
import { academy, newId } from '../support/academy.ts'
import { permissionsWithout } from '../support/both-databases.ts'
import { inboxItem } from '../support/inbox-items.ts'
import { replicaInbox } from '../support/replica-inbox.ts'
import { actorOf, rowsOf, storeParts } from '../support/store.ts'

const { counter, store, folder, checkIn, payment, arrive, items, settlement, run, redo, list } = replicaInbox()

const progress = (last_seq: number) => ({
  device_progress: [{ id: academy.device_id, facility_id: academy.facility_id, last_seq }],
})
const localRefusals = () =>
  store().replica.db.prepare("select json_extract(error, '$.code') from local_refusals").pluck().all()

describe('settling while unsent', () => {
  test('stays in place when the log moves on (R1)', async () => {
    await items(checkIn)
    await redo()

    await arrive({ families: [{ ...counter.family, name: 'Berg-Olsen' }] })

    expect(rowsOf(store(), 'inbox_settlements')).toMatchObject([{ id: checkIn.id, state: 'redone' }])
    expect(rowsOf(store(), 'check_ins')).toHaveLength(1)
  })

  test('gives way when somebody else was first, with all that it did, and says so (R3, R5)', async () => {
    await items(checkIn)
    await redo()

    await arrive({ inbox_settlements: [settlement()] })

    expect(rowsOf(store(), 'inbox_settlements')).toEqual([settlement()])
    expect(rowsOf(store(), 'check_ins')).toEqual([])
    expect(localRefusals()).toEqual(['already_settled'])
    expect(store().desk.mutationsAfter(0, 10)).toHaveLength(1)
  })

  test('is confirmed by its own rows alone', async () => {
    await items(checkIn)
    await redo()
    const own = { check_ins: rowsOf(store(), 'check_ins'), inbox_settlements: rowsOf(store(), 'inbox_settlements') }

    await arrive({ ...own, ...progress(1) } as never)

    expect(store().progress).toBe(1)
    expect(rowsOf(store(), 'inbox_settlements')).toEqual(own.inbox_settlements)
    expect(localRefusals()).toEqual([])
  })

  test('of what somebody accepted before changes nothing, also when it is decided (R3)', async () => {
    const first = settlement({ state: 'accepted', note: 'First' })
    await items(checkIn)
    await run('inbox.accept', { outcome_id: checkIn.id, also: [], note: 'Second' })
    await arrive({ inbox_settlements: [first] })

    await arrive(progress(1))

    expect(rowsOf(store(), 'inbox_settlements')).toEqual([first])
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
    expect(rowsOf(store(), 'check_ins')).toEqual([])
  })

  test('runs again on items that come with the same batch', async () => {
    await items(checkIn)
    await redo()
    await arrive({ inbox_settlements: [settlement({ id: newId() })], mutation_outcomes: [inboxItem()] })

    expect(rowsOf(store(), 'inbox_settlements')).toHaveLength(2)
    expect((await list()).open).toHaveLength(1)
  })
})

describe('what was marked as read on this computer alone, by an older program', () => {
  const closeAsBefore = (id: string): void => {
    const { environment, key } = storeParts(folder(), counter)
    const db = environment.disk.open(path.join(folder(), 'desk.db'), { key, synchronous: 'FULL' })
    db.prepare('insert into closed_outcomes values (?, ?)').run(id, '2026-11-20T05:00:00.000Z')
    db.close()
  }

  test('is accepted for all desks by who signs in next, once', async () => {
    await items(checkIn)
    closeAsBefore(checkIn.id)

    await acceptClosed(store(), actorOf(counter))
    await acceptClosed(store(), actorOf(counter))

    expect(rowsOf(store(), 'inbox_settlements')).toMatchObject([{ id: checkIn.id, state: 'accepted' }])
    expect(store().desk.mutationsAfter(0, 10)).toHaveLength(1)
    expect(store().desk.closedOutcomes().size).toBe(0)
  })

  test('waits for somebody who may', async () => {
    await items(checkIn)
    closeAsBefore(checkIn.id)

    await acceptClosed(store(), { ...actorOf(counter), permissions: permissionsWithout('check_ins.record') })
    expect((await list()).open).toHaveLength(1)
    await acceptClosed(store(), actorOf(counter))

    expect((await list()).open).toEqual([])
  })

  test('is open again when it is money that is in no book', async () => {
    const money = inboxItem({ command: 'payment.take', args: payment })
    await items(money)
    closeAsBefore(money.id)

    await acceptClosed(store(), actorOf(counter))

    expect((await list()).open).toMatchObject([{ id: money.id }])
    expect(store().desk.closedOutcomes().size).toBe(0)
  })
})
