import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Disk, systemEnvironment } from '../../src-main/data/environment.ts'
import type { SqliteDatabase } from '../../src-main/data/sqlite.ts'
import { Store } from '../../src-main/data/store.ts'
import { counterRows, entriesOf } from '../support/counter-rows.ts'
import { checkInAll, removeFolder, rowsOf, storeParts, temporaryFolder } from '../support/store.ts'

let folder: string
let store: Store
/** Counted from when it is set: the commit of this number takes effect, and fails. */
let failing = 0
const counter = counterRows()
const entries = entriesOf(counter.rows)

const failCommits = (db: SqliteDatabase): void => {
  const transaction = db.transaction.bind(db)
  db.transaction = ((work: () => unknown) => {
    const run = transaction(work)
    const plain = (): unknown => {
      const result = run()
      failing -= 1
      if (failing === 0) throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' })
      return result
    }
    return Object.assign(plain, { immediate: () => run.immediate() })
    // As much of it as a replica uses.
  }) as typeof db.transaction
}

const disk: Disk = {
  ...systemEnvironment.disk,
  open(file, options) {
    const db = systemEnvironment.disk.open(file, options)
    if (file.endsWith('replica-1.db') && !options.readonly) failCommits(db)
    return db
  },
}

beforeEach(async () => {
  failing = 0
  folder = temporaryFolder()
  const parts = storeParts(folder, counter)
  store = await Store.open({ ...parts, environment: { ...parts.environment, disk } })
  await store.append(entries, 'handle-1')
})
afterEach(async () => {
  await store.close()
  removeFolder(folder)
})

const complete = () =>
  store.completeLoad({ position: entries.length, handle: 'handle-1', serverTime: '2026-11-21T05:00:00.000Z' })

/** The first fills the search index; then come its triggers, then those of the before-images. */
test.each([2, 3])('a load whose commit %i failed and took effect is completed the second time (D5)', async (number) => {
  failing = number
  await expect(complete()).rejects.toMatchObject({ code: 'disk_failing' })

  await complete()
  await checkInAll(store, counter)

  expect(rowsOf(store, 'check_ins')).toHaveLength(3)
  const images = store.replica.db.prepare("select count(*) from before_images where table_name = 'check_ins'").pluck()
  expect(images.get()).toBe(3)
})
