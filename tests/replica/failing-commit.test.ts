import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Disk, systemEnvironment } from '../../src-main/data/environment.ts'
import type { SqliteDatabase } from '../../src-main/data/sqlite.ts'
import { Store } from '../../src-main/data/store.ts'
import { counterRows } from '../support/counter-rows.ts'
import { openCounterStore, payCash, removeFolder, rowsOf, storeParts, temporaryFolder } from '../support/store.ts'

/** What becomes of the next commit of `desk.db`: it is on the disk before it fails, or not. */
type Failure = 'after' | 'before' | undefined

let folder: string
let store: Store
let failure: Failure
/** `desk.db` does not open again. */
let isGone: boolean
let opened: number
const counter = counterRows()

const diskError = (code: string): Error => Object.assign(new Error('disk I/O error'), { code })

const failingDisk: Disk = {
  ...systemEnvironment.disk,
  open(file, options) {
    const isDesk = path.basename(file) === 'desk.db'
    if (isDesk && isGone) throw diskError('SQLITE_IOERR_READ')
    const db = systemEnvironment.disk.open(file, options)
    if (isDesk) {
      opened += 1
      failCommits(db)
    }
    return db
  },
}

const failCommits = (db: SqliteDatabase): void => {
  const transaction = db.transaction.bind(db)
  db.transaction = ((work: () => unknown) => {
    const run = transaction(work)
    const immediate = (...args: Parameters<typeof run>): unknown => {
      const how = failure
      failure = undefined
      if (how === 'before') throw diskError('SQLITE_IOERR_WRITE')
      const result = run.immediate(...args)
      if (how === 'after') throw diskError('SQLITE_IOERR_FSYNC')
      return result
    }
    return Object.assign((...args: Parameters<typeof run>) => run(...args), { immediate })
    // As much of it as desk.db uses.
  }) as typeof db.transaction
}

beforeEach(async () => {
  folder = temporaryFolder()
  await (await openCounterStore(folder, counter)).close()
  const parts = storeParts(folder, counter)
  ;[failure, isGone, opened] = [undefined, false, 0]
  store = await Store.open({ ...parts, environment: { ...parts.environment, disk: failingDisk } })
})
afterEach(async () => {
  await store.close()
  removeFolder(folder)
})

const kept = () => store.desk.mutationsAfter(0, 10)
const receipts = () =>
  rowsOf(store, 'receipts')
    .map(({ label }) => String(label))
    .toSorted()

test('a commit that failed and is on the disk is saved, under the id and the numbers that it had (D5, W2, W7)', async () => {
  failure = 'after'

  const { envelope } = await payCash(store, counter, 100)
  await payCash(store, counter, 200)

  expect(opened).toBe(2)
  expect(kept().map(({ id, seq, series_number: number }) => [id, seq, number])).toEqual([
    [envelope.id, 1, 1],
    [expect.any(String), 2, 2],
  ])
  expect(receipts()).toEqual(['WER2-000001', 'WER2-000002'])
})

test('a commit that failed and is not on the disk is not saved, and its numbers are drawn by the next one (W3, W7)', async () => {
  failure = 'before'

  await expect(payCash(store, counter, 100)).rejects.toMatchObject({ code: 'disk_failing' })
  expect([kept(), receipts()]).toEqual([[], []])
  await payCash(store, counter, 200)

  expect(opened).toBe(2)
  expect(kept().map(({ seq, series_number: number }) => [seq, number])).toEqual([[1, 1]])
  expect(receipts()).toEqual(['WER2-000001'])
})

test('a commit of which nobody knows is said to be unknown, and is there as soon as it is found (W7)', async () => {
  failure = 'after'
  isGone = true

  await expect(payCash(store, counter, 100)).rejects.toMatchObject({ code: 'save_unknown' })
  expect(receipts()).toEqual([])
  isGone = false
  await payCash(store, counter, 200)

  expect(kept().map(({ seq }) => seq)).toEqual([1, 2])
  expect(receipts()).toEqual(['WER2-000001', 'WER2-000002'])
})
