import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findCommand } from '../../src-shared/commands/index.ts'
import { formatHlc, parseHlc } from '../../src-shared/hlc.ts'
import { receiptContent } from '../../src-shared/rules/receipt.ts'
import type { Database } from '../../src-shared/schema/tables.ts'
import { Store } from '../../src-main/data/store.ts'
import { academy, newId } from '../support/academy.ts'
import { counterRows, entriesOf } from '../support/counter-rows.ts'
import { environmentWith } from '../support/environment.ts'
import {
  actorOf,
  checkInAll,
  openCounterStore,
  payCash,
  removeFolder,
  rowsOf,
  storeParts,
  temporaryFolder,
  testNow,
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

describe('a local write', () => {
  test('shows its rows at once and waits in the outbox', async () => {
    const { envelope, tables } = await checkInAll(store, counter)

    expect(rowsOf(store, 'check_ins').map((row) => row['student_id'])).toEqual(counter.children.map(({ id }) => id))
    expect(tables).toEqual(['check_ins'])
    expect(store.desk.mutationsAfter(0, 10)).toEqual([envelope])
  })

  test('of a command that is refused leaves nothing behind (W3)', async () => {
    const stranger = '00000000-0000-4000-8000-00000000dead'

    const refused = store.run(
      findCommand('check_in.record', 1),
      {
        entries: [
          { student_id: counter.children[0].id, session_id: counter.session.id },
          { student_id: stranger, session_id: counter.session.id },
        ],
      },
      actorOf(counter),
    )

    await expect(refused).rejects.toMatchObject({ code: 'not_booked' })
    expect(rowsOf(store, 'check_ins')).toEqual([])
    expect(store.desk.lastSeq()).toBe(0)
  })

  test('draws receipt numbers without gaps, also around a refusal (W3)', async () => {
    await payCash(store, counter)
    await payCash(store, { ...counter, family: { ...counter.family, id: counter.cash.id } }).catch(() => undefined)
    await payCash(store, counter, 2000)

    expect(new Set(rowsOf(store, 'receipts').map((row) => row['label']))).toEqual(
      new Set(['WER2-000001', 'WER2-000002']),
    )
    expect(store.desk.printJobs().map((job) => job.label)).toEqual(['WER2-000001', 'WER2-000002'])
  })

  test('keeps the content of the receipt as it is printed', async () => {
    await payCash(store, counter)

    const content = receiptContent.parse(JSON.parse(String(rowsOf(store, 'receipts')[0]?.['content'])))
    expect(content).toMatchObject({
      label: 'WER2-000001',
      total: 6400,
      tendered: 10_000,
      change: 3600,
      method: 'Cash',
      lines: [{ invoice: 'INV-0001', total: 6400, paid: 6400 }],
      taxes: [{ name: 'GST 10%', amount: 582 }],
    })
  })

  test('keeps synchronous=FULL on desk.db at every open', async () => {
    await store.close()

    store = await Store.open(storeParts(folder, counter))

    // The store refuses to open otherwise; this shows that reopening went through that gate.
    await expect(checkInAll(store, counter)).resolves.toBeDefined()
  })
})

test('local writes that are made at once come one after the other (W4)', async () => {
  const writes = Array.from({ length: 12 }, async (_, index) =>
    index % 2 === 0 ? checkInAll(store, counter) : payCash(store, counter, 100),
  )

  const saved = (await Promise.all(writes)).map(({ envelope }) => envelope)

  expect(saved.map(({ seq }) => seq)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
  expect(saved.flatMap(({ series_number: number }) => number ?? [])).toEqual([1, 2, 3, 4, 5, 6])
  expect(rowsOf(store, 'check_ins')).toHaveLength(18)
  expect(rowsOf(store, 'receipts')).toHaveLength(6)
})

describe('the hybrid clock of a write is later than (W5)', () => {
  /** Of another desk, whose clock is ahead of this one's by so much. */
  const markAhead = (minutes: number): Database['attendance_marks'] => ({
    id: newId(),
    facility_id: academy.facility_id,
    session_id: counter.session.id,
    student_id: counter.children[0].id,
    code: 'present',
    note: null,
    source: 'instructor',
    at: '2026-11-21T05:00:00.000Z',
    hlc: formatHlc({ ms: testNow + minutes * 60_000, counter: 7 }, newId()),
    staff_id: counter.staff.id,
    device_id: newId(),
  })
  const write = async (): Promise<string> => (await checkInAll(store, counter)).envelope.hlc

  test('what a first sync has brought', async () => {
    const mark = markAhead(10)
    await store.startOver()
    await store.append(entriesOf({ ...counter.rows, attendance_marks: [mark] }), 'handle-2')
    await store.completeLoad({ position: 900, handle: 'handle-2', serverTime: undefined })

    expect((await write()) > mark.hlc).toBe(true)
  })

  test('what a batch has brought', async () => {
    const mark = markAhead(10)
    const entries = entriesOf({ attendance_marks: [mark] }, 900)
    await store.apply({ entries, position: 901, handle: 'handle-1', serverTime: undefined })

    expect((await write()) > mark.hlc).toBe(true)
  })

  test('no more than the log, when a clock that was a month ahead is right again (T1)', async () => {
    const write = async (at: number): Promise<string> => {
      await store.close()
      const parts = storeParts(folder, counter)
      store = await Store.open({ ...parts, environment: environmentWith({ now: () => at }) })
      return (await checkInAll(store, counter)).envelope.hlc
    }
    const month = 30 * 24 * 3600_000
    const decide = (seq: number): Promise<readonly string[]> => {
      const { device_id: id, facility_id } = academy
      const serverTime = new Date(testNow + seq).toISOString()
      const entries = entriesOf({ device_progress: [{ id, facility_id, last_seq: seq }] }, 900 + seq)
      return store.apply({ entries, position: 901 + seq, handle: 'handle-1', serverTime })
    }

    const ahead = await write(testNow + month)
    // Something is unsent: what comes after it must still be later.
    await decide(0)
    const behindIt = await write(testNow + 1)
    await decide(2)
    const decided = await write(testNow + 5 * 60_000)

    expect(parseHlc(ahead).ms).toBe(testNow + month)
    expect(behindIt > ahead).toBe(true)
    expect(parseHlc(decided).ms).toBe(testNow + 5 * 60_000)
  })

  test('the write before it, also when that is run again from desk.db', async () => {
    const mark = markAhead(10)
    const entries = entriesOf({ attendance_marks: [mark] }, 900)
    await store.apply({ entries, position: 901, handle: 'handle-1', serverTime: undefined })
    const before = await write()
    await store.close()
    for (const name of readdirSync(folder)) if (name.startsWith('replica-')) rmSync(path.join(folder, name))

    store = await openCounterStore(folder, counter)

    expect((await write()) > before).toBe(true)
  })
})

describe('a start', () => {
  test('finds everything that was saved', async () => {
    await checkInAll(store, counter)
    await payCash(store, counter)
    const before = ['check_ins', 'payments', 'payment_allocations', 'receipts'].map((table) => rowsOf(store, table))
    await store.close()

    store = await Store.open(storeParts(folder, counter))

    const after = ['check_ins', 'payments', 'payment_allocations', 'receipts'].map((table) => rowsOf(store, table))
    expect(after).toEqual(before)
  })

  test('replays from desk.db what the replica lost in a power cut, under the same ids and numbers (R7, W2)', async () => {
    await store.close()
    const replicaBefore = await copyReplica(folder)
    store = await Store.open(storeParts(folder, counter))
    await checkInAll(store, counter)
    await payCash(store, counter)
    const saved = rowsOf(store, 'receipts')
    await store.close()

    await replicaBefore.restore()
    store = await Store.open(storeParts(folder, counter))

    expect(rowsOf(store, 'check_ins')).toHaveLength(3)
    expect(rowsOf(store, 'receipts')).toEqual(saved)
  })
})

const copyReplica = async (from: string) => {
  const { cp, rm } = await import('node:fs/promises')
  const kept = temporaryFolder()
  await cp(`${from}/replica-1.db`, `${kept}/replica-1.db`)
  return {
    async restore() {
      await rm(`${from}/replica-1.db-wal`, { force: true })
      await rm(`${from}/replica-1.db-shm`, { force: true })
      await cp(`${kept}/replica-1.db`, `${from}/replica-1.db`)
      removeFolder(kept)
    },
  }
}
