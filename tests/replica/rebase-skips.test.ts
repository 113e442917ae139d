import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Store } from '../../src-main/data/store.ts'
import { findCommand } from '../../src-shared/commands/index.ts'
import type { LogEntry } from '../../src-shared/replica/log-entry.ts'
import { academy, booking, newId, session } from '../support/academy.ts'
import { counterRows, entriesOf, type Rows } from '../support/counter-rows.ts'
import { actorOf, openCounterStore, removeFolder, rowsOf, storeParts, temporaryFolder } from '../support/store.ts'

let folder: string
let store: Store
const counter = counterRows()
const [anna, ben, cleo] = counter.children

beforeEach(async () => {
  folder = temporaryFolder()
  store = await openCounterStore(folder, counter)
})
afterEach(async () => {
  await store.close()
  removeFolder(folder)
})

const checkIn = (student_id: string, session_id = counter.session.id) =>
  store.run(findCommand('check_in.record', 1), { entries: [{ student_id, session_id }] }, actorOf(counter))

const arrive = (entries: readonly LogEntry[]) =>
  store.apply({ entries, position: 2000, serverTime: undefined, handle: 'handle-1' })

const rowsArrive = (rows: Rows) => arrive(entriesOf(rows, 1000))

/** Marks what is known of a command: it is forgotten when that runs again. */
const mark = (...seqs: readonly number[]): void => {
  for (const seq of seqs) store.replica.db.prepare("insert into unsent_reads values ('mark', ?)").run(seq)
}
const marked = (): unknown =>
  store.replica.db.prepare("select seq from unsent_reads where key = 'mark' order by seq").pluck().all()

const refusals = (): unknown =>
  store.replica.db.prepare("select seq, json_extract(error, '$.code') as code from local_refusals").all()

const place = counter.rows.bookings.find(({ student_id }) => student_id === ben.id) ?? expect.fail('Ben has a place')
const withoutPlace: LogEntry = { position: 1001, table_name: 'bookings', row_id: place.id, row: null }

describe('unsent work that a batch does not concern is not run again (R6)', () => {
  test('when somebody else comes in elsewhere', async () => {
    await checkIn(anna.id)
    mark(1)
    const [own] = rowsOf(store, 'check_ins')

    await rowsArrive({ check_ins: [{ ...own, id: newId(), student_id: ben.id }] as never })

    expect(marked()).toEqual([1])
    expect(rowsOf(store, 'check_ins')).toHaveLength(2)
  })

  test('when what was sent first is decided and the rest is not', async () => {
    await checkIn(anna.id)
    await checkIn(ben.id)
    mark(1, 2)
    const own = rowsOf(store, 'check_ins').find((row) => row['student_id'] === anna.id)
    const decided = { id: academy.device_id, facility_id: academy.facility_id, last_seq: 1 }

    await rowsArrive({
      check_ins: [own, { ...own, id: newId(), student_id: cleo.id }] as never,
      device_progress: [decided],
    })

    expect(marked()).toEqual([2])
    expect(rowsOf(store, 'check_ins')).toHaveLength(3)
  })

  test('when a decided one was refused, whose rows go without touching the others', async () => {
    await checkIn(anna.id)
    await checkIn(ben.id)
    mark(2)
    const decided = { id: academy.device_id, facility_id: academy.facility_id, last_seq: 1 }

    await rowsArrive({ device_progress: [decided] })

    expect(marked()).toEqual([2])
    expect(rowsOf(store, 'check_ins').map((row) => row['student_id'])).toEqual([ben.id])
  })
})

describe('unsent work that a batch concerns is run again', () => {
  test('from the first such command on, because a row is gone that it had looked at', async () => {
    await checkIn(anna.id)
    await checkIn(ben.id)
    await checkIn(cleo.id)
    mark(1, 2, 3)

    await arrive([withoutPlace])

    expect(marked()).toEqual([1])
    expect(refusals()).toEqual([{ seq: 2, code: 'not_booked' }])
  })

  test('because a row has come that it had looked for, also when it was refused until then', async () => {
    await checkIn(ben.id)
    await arrive([withoutPlace])

    await rowsArrive({ bookings: [place] })

    expect(refusals()).toEqual([])
    expect(rowsOf(store, 'check_ins')).toHaveLength(1)
  })

  test('because the very row that it made has come with other content', async () => {
    await checkIn(anna.id)
    const [own] = rowsOf(store, 'check_ins')

    await rowsArrive({ check_ins: [{ ...own, student_id: cleo.id }] as never })

    expect(rowsOf(store, 'check_ins').map((row) => row['student_id'])).toEqual([cleo.id])
    expect(refusals()).toMatchObject([{ seq: 1 }])
  })

  test('because the person who did it may not do it any more', async () => {
    await checkIn(anna.id)

    await rowsArrive({
      role_assignments: counter.rows.role_assignments.map((row) => ({ ...row, ended_at: '2020-01-01T00:00:00.000Z' })),
    })

    expect(refusals()).toEqual([{ seq: 1, code: 'forbidden' }])
  })

  test('after a start as well: what it looked at is kept on the disk', async () => {
    await checkIn(anna.id)
    await checkIn(ben.id)
    mark(1, 2)
    await store.close()
    store = await Store.open(storeParts(folder, counter))

    await arrive([withoutPlace])

    expect(marked()).toEqual([1])
    expect(refusals()).toEqual([{ seq: 2, code: 'not_booked' }])
  })

  test('for a child that it does not name, as it looked at all of that session, and not for another session', async () => {
    const other = session({ class_id: counter.session.class_id })
    await rowsArrive({ sessions: [other], bookings: [booking({ session_id: other.id, student_id: anna.id })] })
    const marks = [{ student_id: anna.id, code: 'present', note: null }]
    const roll = { session_id: counter.session.id, marks }
    await store.run(findCommand('attendance.mark', 1), roll, actorOf(counter))
    mark(1)

    await rowsArrive({ sessions: [{ ...other, status: 'cancelled' }] })
    expect(marked()).toEqual([1])
    await rowsArrive({ bookings: [{ ...place, cancelled_at: '2026-11-21T05:00:00.000Z' }] })
    expect(marked()).toEqual([])
  })
})
