import { cpSync, existsSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { waitingCount } from '../../src-main/data/desk/waiting.ts'
import { Store } from '../../src-main/data/store.ts'
import type { LogEntry } from '../../src-shared/replica/log-entry.ts'
import { findCommand } from '../../src-shared/commands/index.ts'
import { formatHlc } from '../../src-shared/hlc.ts'
import { academy, checkIn } from '../support/academy.ts'
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
  vi.restoreAllMocks()
  await store.close()
  removeFolder(folder)
})

const batch = (entries: readonly LogEntry[]) => ({
  entries,
  position: entries.at(-1)?.position ?? 1000,
  serverTime: '2026-11-21T05:13:00.000Z',
  handle: 'handle-1',
})
const arrive = (rows: Rows) => store.apply(batch(entriesOf(rows, 1000)))
const progress = (last_seq: number) => ({
  device_progress: [{ id: academy.device_id, facility_id: academy.facility_id, last_seq }],
})

const markPresent = () =>
  store.run(
    findCommand('attendance.mark', 1),
    {
      session_id: counter.session.id,
      marks: counter.children.map(({ id }) => ({ student_id: id, code: 'present', note: null })),
    },
    actorOf(counter),
  )
const closeRoll = () => store.run(findCommand('roll.close', 1), { session_id: counter.session.id }, actorOf(counter))

describe('a computer that was set back to an older state', () => {
  const olderFolder = () => path.join(folder, 'older')
  const keepCopy = async () => {
    await store.close()
    for (const file of ['desk.db', 'replica-1.db']) cpSync(path.join(folder, file), path.join(olderFolder(), file))
    store = await Store.open(storeParts(folder, counter))
  }
  const goBack = async () => {
    await store.close()
    cpSync(olderFolder(), folder, { recursive: true })
    store = await Store.open(storeParts(folder, counter))
  }

  test('goes on behind the numbers that the server knows, so that its work is sent (U6)', async () => {
    await keepCopy()
    await payCash(store, counter)
    const own = { payments: rowsOf(store, 'payments'), receipts: rowsOf(store, 'receipts') } as never
    await goBack()
    await arrive({ ...(own as Rows), ...progress(2) })

    const { envelope } = await payCash(store, counter, 2000)

    expect(envelope).toMatchObject({ seq: 3, series_number: 2 })
    expect(store.desk.mutationsAfter(store.progress, 10)).toEqual([envelope])
    expect(waitingCount(store)).toBe(1)
  })

  test('draws no receipt number that the log shows as used, also where it did as much since as it has forgotten (D15)', async () => {
    await keepCopy()
    await payCash(store, counter, 1000)
    await payCash(store, counter, 1000)
    const forgotten = { payments: rowsOf(store, 'payments'), receipts: rowsOf(store, 'receipts') } as never
    await goBack()
    await checkInAll(store, counter)
    await markPresent()
    await arrive({ ...(forgotten as Rows), ...progress(2) })

    const { envelope } = await payCash(store, counter, 2000)

    expect(envelope.series_number).toBe(3)
  })

  test('has nothing waiting, not less than nothing', async () => {
    await keepCopy()
    await checkInAll(store, counter)
    await goBack()
    await arrive(progress(2))

    expect(waitingCount(store)).toBe(0)
  })
})

describe('a clock that runs behind (FAULTS T1)', () => {
  const later = formatHlc({ ms: testNow + 3_600_000, counter: 0 }, academy.device_id)
  const theirs = checkIn({
    session_id: counter.session.id,
    student_id: counter.children[0].id,
    hlc: later,
  })

  test('orders what is done here after what a first sync brought', async () => {
    await store.startOver()
    await store.append(entriesOf({ ...counter.rows, check_ins: [theirs] }), 'handle-2')
    await store.completeLoad({ position: 900, handle: 'handle-2', serverTime: undefined })

    const { envelope } = await markPresent()

    expect(envelope.hlc > later).toBe(true)
  })

  test('orders what is done here after unsent work that a lost commit had taken from the replica', async () => {
    await arrive({ check_ins: [theirs] })
    const { envelope: first } = await markPresent()
    await store.startOver()
    await store.append(entriesOf(counter.rows), 'handle-2')
    await store.completeLoad({ position: 900, handle: 'handle-2', serverTime: undefined })

    const { envelope: second } = await markPresent()

    expect(second.hlc > first.hlc).toBe(true)
  })
})

describe('a row that the log brings just as an undecided command has guessed it (R6)', () => {
  test('stays when the command is refused', async () => {
    await markPresent()
    await closeRoll()
    const [closed] = rowsOf(store, 'sessions')
    await arrive({ attendance_marks: rowsOf(store, 'attendance_marks') as never, ...progress(1) })

    await arrive({ sessions: [closed] as never })
    await arrive(progress(2))

    expect(rowsOf(store, 'sessions')).toEqual([closed])
  })
})

describe('a commit of the replica that fails after the one of desk.db', () => {
  /** A foreign key that is looked at when the transaction ends, and then is wrong. */
  const breakCommits = () =>
    store.replica.db.exec(`
      create table parents (id integer primary key);
      create table broken (parent integer references parents deferrable initially deferred);
      create trigger broken after insert on check_ins begin insert into broken values (1); end`)
  const mendCommits = () => store.replica.db.exec('drop trigger broken')

  test('takes nothing away: the write is saved, and shown with the next one (W1, R7)', async () => {
    breakCommits()
    const { envelope } = await checkInAll(store, counter)
    expect(store.desk.mutationsAfter(0, 10)).toEqual([envelope])
    expect(rowsOf(store, 'check_ins')).toEqual([])

    mendCommits()
    const next = await payCash(store, counter)

    expect(next.envelope.seq).toBe(2)
    expect(next.tables).toContain('check_ins')
    expect(rowsOf(store, 'check_ins')).toHaveLength(3)
    expect(rowsOf(store, 'receipts')).toHaveLength(1)
  })

  test('draws no receipt number twice', async () => {
    breakCommits()
    store.replica.db.exec('create trigger broken_too after insert on receipts begin insert into broken values (1); end')
    await payCash(store, counter)

    store.replica.db.exec('drop trigger broken_too')
    await payCash(store, counter, 2000)

    expect(new Set(rowsOf(store, 'receipts').map((row) => row['number']))).toEqual(new Set([1, 2]))
    expect(store.desk.printJobs().map(({ label }) => label)).toEqual(['WER2-000001', 'WER2-000002'])
  })
})

describe('a replica that says that more is decided than any desk has done', () => {
  test('neither hides what it has lost nor makes the numbers of what follows (R7, U10)', async () => {
    await checkInAll(store, counter)
    const { appliedSeq } = store.replica.state.read()
    await arrive(progress(2_000_000_000))
    await payCash(store, counter)
    // As after a power cut.
    store.replica.state.update({ appliedSeq })

    await store.apply(batch([]))
    const { envelope } = await payCash(store, counter, 2000)

    expect(envelope.seq).toBe(3)
  })
})

describe('a replica that was replaced', () => {
  test('does not stay on the disk when a kill came before it was deleted', async () => {
    await store.startOver()
    await store.append(entriesOf(counter.rows), 'handle-2')
    const old = path.join(folder, 'replica-1.db')
    cpSync(old, path.join(folder, 'kept'))
    await store.completeLoad({ position: 900, handle: 'handle-2', serverTime: undefined })
    await store.close()
    cpSync(path.join(folder, 'kept'), old)

    store = await Store.open(storeParts(folder, counter))

    expect(existsSync(old)).toBe(false)
    expect(rowsOf(store, 'families')).toHaveLength(1)
  })
})

describe('the end of a first sync that fails', () => {
  test('is done once more when the log comes to its end again', async () => {
    await store.startOver()
    await store.append(entriesOf(counter.rows), 'handle-2')
    vi.spyOn(store.desk, 'mutationsAfter').mockImplementationOnce(() => {
      throw new Error('disk I/O error')
    })
    const end = { position: 900, handle: 'handle-2', serverTime: undefined }
    await expect(store.completeLoad(end)).rejects.toThrow('disk I/O error')
    expect(store.replica.file).toContain('replica-1.db')

    expect(store.feedState).toMatchObject({ position: 900, handle: 'handle-2' })
    const wasWhole = store.feedState.isComplete
    await store.append(entriesOf({ families: [{ ...counter.family, name: 'Zwingli' }] }, 900), 'handle-2')
    // Neither compared nor shown, also by the next start: a part of what the log has since is no state of it.
    expect([wasWhole, store.feedState.isComplete]).toEqual([true, false])
    await store.completeLoad({ ...end, position: 901 })
    await checkInAll(store, counter)

    expect(store.replica.file).toContain('replica-2.db')
    expect(rowsOf(store, 'check_ins')).toHaveLength(3)
    const found = store.replica.db.prepare("select family_id from search_index where terms match 'zwin*'").pluck().all()
    expect(found).toEqual([counter.family.id])
  })
})
