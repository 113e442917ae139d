import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ReplicaWork } from '../../src-main/data/snapshot/replica-work.ts'
import { workInPlace } from '../../src-main/data/snapshot/work-in-place.ts'
import { Store } from '../../src-main/data/store.ts'
import type { LogEntry } from '../../src-shared/replica/log-entry.ts'
import { findCommand } from '../../src-shared/commands/index.ts'
import { academy, booking, session } from '../support/academy.ts'
import { counterRows, entriesOf, type Rows } from '../support/counter-rows.ts'
import {
  actorOf,
  checkInAll,
  openCounterStore,
  payCash,
  removeFolder,
  rowsOf,
  storeParts,
  temporaryFolder,
} from '../support/store.ts'

let folder: string
let store: Store
const counter = counterRows()

beforeEach(async () => {
  folder = temporaryFolder()
  store = await openCounterStore(folder, counter)
})
afterEach(async () => {
  await store.close()
  removeFolder(folder)
})

const batch = (entries: readonly LogEntry[]) => ({
  entries,
  position: entries.at(-1)?.position ?? 1000,
  serverTime: '2026-11-21T05:13:00.000Z',
  handle: 'handle-1',
})

const arrive = (rows: Rows, after = 1000) => store.apply(batch(entriesOf(rows, after)))

const progress = (last_seq: number) => ({
  device_progress: [{ id: academy.device_id, facility_id: academy.facility_id, last_seq }],
})

describe('a batch of the log', () => {
  test('leaves unsent work in place (R1)', async () => {
    await checkInAll(store, counter)

    await arrive({ families: [{ ...counter.family, name: 'Berg-Olsen' }] })

    expect(rowsOf(store, 'families')[0]).toMatchObject({ name: 'Berg-Olsen' })
    expect(rowsOf(store, 'check_ins')).toHaveLength(3)
  })

  test('with our own effects takes the command out of the pending ones (R2)', async () => {
    await checkInAll(store, counter)
    const own = rowsOf(store, 'check_ins') as never

    await arrive({ check_ins: own, ...progress(1) })

    expect(store.progress).toBe(1)
    expect(rowsOf(store, 'check_ins')).toEqual(own)
    expect(store.replica.db.prepare('select count(*) from before_images').pluck().get()).toBe(0)
  })

  test('lets the truth replace what an unsent command had shown (R3)', async () => {
    await payCash(store, counter)
    const own = rowsOf(store, 'payments') as never

    // The server kept the payment as credit, because another desk had settled the invoice.
    await arrive({ payments: own, ...progress(1) })

    expect(rowsOf(store, 'payments')).toHaveLength(1)
    expect(rowsOf(store, 'payment_allocations')).toEqual([])
    expect(rowsOf(store, 'receipts')).toEqual([])
  })

  test('runs an unsent command again on the new rows (R4)', async () => {
    await payCash(store, counter)
    const other = { ...rowsOf(store, 'payments')[0], id: '00000000-0000-4000-8000-0000000000aa' } as never
    const paid = {
      ...rowsOf(store, 'payment_allocations')[0],
      id: '00000000-0000-4000-8000-0000000000ab',
      payment_id: '00000000-0000-4000-8000-0000000000aa',
    } as never

    await arrive({ payments: [other], payment_allocations: [paid] })

    const own = rowsOf(store, 'payment_allocations').filter((row) => row['payment_id'] !== other['id' as never])
    expect(own).toEqual([])
    expect(rowsOf(store, 'receipts')).toHaveLength(1)
  })

  test('marks an unsent command that is refused now, without dropping it (R5)', async () => {
    await checkInAll(store, counter)

    await arrive({ sessions: [{ ...counter.session, status: 'cancelled' }] })

    expect(rowsOf(store, 'check_ins')).toEqual([])
    expect(store.desk.mutationsAfter(0, 10)).toHaveLength(1)
    expect(store.replica.db.prepare("select json_extract(error, '$.code') from local_refusals").pluck().all()).toEqual([
      'session_cancelled',
    ])
  })

  test('that removes a row removes it, and undoing cannot bring it back', async () => {
    const other = session({ class_id: counter.session.class_id })
    const place = booking({ session_id: other.id, student_id: counter.children[0].id })
    await arrive({ sessions: [other], bookings: [place] })
    await checkInAll(store, counter)

    await store.apply(batch([{ position: 2000, table_name: 'bookings', row_id: place.id, row: null }]))

    expect(rowsOf(store, 'bookings').map((row) => row['id'])).not.toContain(place.id)
    expect(rowsOf(store, 'check_ins')).toHaveLength(3)
  })

  test('finds a family under its new name at once', async () => {
    await arrive({ families: [{ ...counter.family, name: 'Zwingli' }] })

    const found = store.replica.db.prepare("select family_id from search_index where terms match 'zwin*'").pluck().all()
    expect(found).toEqual([counter.family.id])
  })
})

describe('a lost log', () => {
  test('fills a new replica beside the old, and unsent work is in it', async () => {
    await checkInAll(store, counter)
    await store.startOver()
    await checkInAgain()
    const entries = entriesOf(counter.rows)

    await store.append(entries, 'handle-2')
    await store.completeLoad({ position: entries.length, handle: 'handle-2', serverTime: undefined })

    expect(store.replica.file).toContain('replica-2.db')
    expect(rowsOf(store, 'check_ins')).toHaveLength(4)
    expect(store.replica.state.read()).toMatchObject({ handle: 'handle-2', isComplete: true, appliedSeq: 2 })
  })

  test('starts empty, whatever a kill has left of an earlier renewal', async () => {
    await store.startOver()
    await store.append(entriesOf(counter.rows), 'handle-2')
    await store.close()
    store = await Store.open(storeParts(folder, counter))

    await store.startOver()
    await store.append(entriesOf({ organizations: counter.rows.organizations }), 'handle-3')
    await store.completeLoad({ position: 1, handle: 'handle-3', serverTime: undefined })

    expect(rowsOf(store, 'organizations')).toHaveLength(1)
    expect(rowsOf(store, 'families')).toEqual([])
  })

  test('leaves the shown replica usable until the new one is whole', async () => {
    await store.startOver()
    await store.append(entriesOf(counter.rows).slice(0, 5), 'handle-2')

    await checkInAll(store, counter)

    expect(rowsOf(store, 'check_ins')).toHaveLength(3)
    expect(rowsOf(store, 'families')).toHaveLength(1)
  })

  test('keeps no local work waiting while the old replica is deleted', async () => {
    await store.close()
    const parts = storeParts(folder, counter)
    const forget = vi.fn<ReplicaWork['forget']>(() => new Promise(() => undefined))
    const work = { ...workInPlace(parts.environment.disk), forget }
    store = await Store.open({ ...parts, environment: { ...parts.environment, work } })
    await store.startOver()
    await store.append(entriesOf(counter.rows), 'handle-2')

    await store.completeLoad({ position: 900, handle: 'handle-2', serverTime: undefined })
    await checkInAll(store, counter)

    expect(forget).toHaveBeenCalledExactlyOnceWith({ file: path.join(folder, 'replica-1.db'), key: parts.key })
    expect(rowsOf(store, 'check_ins')).toHaveLength(3)
  })
})

const checkInAgain = () =>
  store.run(
    findCommand('check_in.record', 1),
    { entries: [{ student_id: counter.children[0].id, session_id: counter.session.id }] },
    actorOf(counter),
  )
