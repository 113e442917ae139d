import { afterEach, beforeEach, expect, test } from 'vitest'
import { waitingCount, waitingMutations } from '../../src-main/data/desk/waiting.ts'
import { Store } from '../../src-main/data/store.ts'
import { findCommand } from '../../src-shared/commands/index.ts'
import { rowIdsOf } from '../../src-shared/ids.ts'
import { academy, newId } from '../support/academy.ts'
import { counterRows, entriesOf } from '../support/counter-rows.ts'
import { actorOf, openCounterStore, removeFolder, rowsOf, storeParts, temporaryFolder } from '../support/store.ts'

const queued = 1500

let folder: string
let store: Store
const counter = counterRows()

beforeEach(async () => {
  folder = temporaryFolder()
  store = await openCounterStore(folder, counter)
  for (let run = 0; run < queued; run += 1) await checkIn(run)
})
afterEach(async () => {
  await store.close()
  removeFolder(folder)
})

const checkIn = (run: number) => {
  const entry = { student_id: counter.children[run % 3]?.id, session_id: counter.session.id }
  return store.run(findCommand('check_in.record', 1), { entries: [entry] }, actorOf(counter))
}

/** The answer of the log to the first `seq` mutations, with something of another desk in it. */
const decide = async (seq: number, position: number): Promise<void> => {
  const made = new Set(store.desk.mutationsAfter(0, seq).map(({ id }) => rowIdsOf(id)()))
  const own = rowsOf(store, 'check_ins').filter((row) => made.has(String(row['id'])))
  const decided = { id: academy.device_id, facility_id: academy.facility_id, last_seq: seq }
  const entries = entriesOf({
    check_ins: [...own, { ...own[0], id: newId(), at: '2026-11-21T06:00:00.000Z' }] as never,
    device_progress: [decided],
  })
  await store.apply({ entries, position, handle: 'handle-1', serverTime: undefined })
}

const keptRows = (): unknown => store.replica.db.prepare('select count(*) from before_images').pluck().get()

test('a long queue is shown in part and counted whole, and what is decided leaves it without a rerun (D11)', async () => {
  const replays = store.replica.db.prepare('select max(n) from before_images where seq = ?').pluck()
  const lastRun = replays.get(queued)
  expect(waitingCount(store)).toBe(queued)
  expect(waitingMutations(store)).toHaveLength(500)

  await decide(500, 2000)

  expect(waitingCount(store)).toBe(queued - 500)
  expect(replays.get(queued)).toBe(lastRun)
  expect(keptRows()).toBe(queued - 500)
  expect(rowsOf(store, 'check_ins')).toHaveLength(queued + 1)
})

test('a long queue that the replica has lost is there again after a start (D11)', async () => {
  const before = rowsOf(store, 'check_ins')
  // As after a power cut: the replica's last commits are gone, desk.db has everything.
  store.replica.live().images.undoAfter(0)
  store.replica.state.update({ appliedSeq: 0 })
  expect(rowsOf(store, 'check_ins')).toHaveLength(0)
  await store.close()

  store = await Store.open(storeParts(folder, counter))

  expect(rowsOf(store, 'check_ins')).toEqual(before)
  expect(waitingCount(store)).toBe(queued)
})
