import { copyFileSync, cpSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemEnvironment } from '../../src-main/data/environment.ts'
import { stateReader } from '../../src-main/data/replica/state.ts'
import { Store } from '../../src-main/data/store.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { academy } from '../support/academy.ts'
import { counterRows, entriesOf } from '../support/counter-rows.ts'
import {
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
const entries = entriesOf(counter.rows)
const end = { position: entries.length, handle: 'handle-2', serverTime: undefined }

beforeEach(async () => {
  folder = temporaryFolder()
  store = await openCounterStore(folder, counter)
})
afterEach(async () => {
  await store.close()
  removeFolder(folder)
})

/** `desk.db` cannot be written at the moment in which it should name the next replica. */
const failToShow = async (): Promise<void> => {
  await store.startOver()
  await store.append(entries, 'handle-2')
  vi.spyOn(store.desk, 'saveSetting').mockImplementationOnce(() => {
    throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_WRITE' })
  })
  await expect(store.completeLoad(end)).rejects.toThrow('disk')
}

describe('a replica that is whole and could not be shown', () => {
  test('is completed again: what is unsent is taken off, and run again over what came since (F1, F9, R1)', async () => {
    await checkInAll(store, counter)
    await payCash(store, counter)
    await failToShow()
    const [place] = counter.rows.bookings ?? []
    if (!place) throw new Error('The counter has no booking')

    await store.append(entriesOf({ bookings: [{ ...place, kind: 'trial' }] }, entries.length), 'handle-2')
    await store.completeLoad({ ...end, position: entries.length + 1 })

    expect(store.replica.file).toContain('replica-2.db')
    expect(rowsOf(store, 'check_ins')).toHaveLength(3)
    expect(rowsOf(store, 'receipts')).toHaveLength(1)
    expect(store.replica.db.prepare('select count(*) from local_refusals').pluck().get()).toBe(0)
    expect(rowsOf(store, 'bookings').find(({ id }) => id === place.id)).toMatchObject({ kind: 'trial' })
  })

  test('keeps what the log brings of that work meanwhile: it was taken off before (F9)', async () => {
    await checkInAll(store, counter)
    await payCash(store, counter)
    const own = rowsOf(store, 'check_ins') as never
    await failToShow()
    const decided = { id: academy.device_id, facility_id: academy.facility_id, last_seq: 1 }

    const news = entriesOf({ check_ins: own, device_progress: [decided] }, entries.length)
    await store.append(news, 'handle-2')
    await store.completeLoad({ ...end, position: entries.length + news.length })

    expect(rowsOf(store, 'check_ins')).toEqual(own)
    expect(rowsOf(store, 'receipts')).toHaveLength(1)
    expect(store.progress).toBe(1)
  })

  test('can be filled once more by a snapshot after a kill (F10)', async () => {
    await payCash(store, counter)
    await failToShow()
    await store.close()
    const next = path.join(folder, 'next')
    copyFileSync(path.join(folder, 'replica-2.db'), next)
    store = await Store.open(storeParts(folder, counter))
    await store.startOver()

    await store.fillNext(async (_work, { file }) => {
      copyFileSync(next, file)
      return 'loaded'
    })
    await store.completeLoad(end)

    expect(rowsOf(store, 'payments')).toHaveLength(1)
    expect(store.replica.db.prepare('select count(*) from local_refusals').pluck().get()).toBe(0)
  })
  test('because desk.db could not say what it has lost, is shown the next time (D5)', async () => {
    await store.startOver()
    await store.append(entries, 'handle-2')
    const { setting } = store.desk
    const failing = vi.spyOn(store.desk, 'setting').mockImplementation((key) => {
      if (key === 'rescued') throw new DomainError('disk_failing', 'The disk fails')
      return setting(key)
    })
    await expect(store.completeLoad(end)).rejects.toThrow('disk')
    failing.mockRestore()

    await store.completeLoad(end)

    expect(store.replica.file).toContain('replica-2.db')
  })
})

describe('a replica that was whole when a kill came, and is shown at the start', () => {
  /** Whether it is whole without what was not brought to the disk. */
  const isOnDisk = async (name: string): Promise<boolean> => {
    const [file, left] = [path.join(folder, name), path.join(folder, `left-${name}`)]
    copyFileSync(file, left)
    const { disk } = systemEnvironment
    const db = disk.open(left, { key: storeParts(folder, counter).key, synchronous: 'NORMAL' })
    try {
      return stateReader(db)().isComplete
    } finally {
      db.close()
    }
  }
  const whole = async (): Promise<void> => {
    await store.startOver()
    await store.append(entries, 'handle-2')
    vi.spyOn(store.desk, 'mutationsAfter').mockImplementationOnce(() => {
      throw new Error('killed')
    })
    await expect(store.completeLoad(end)).rejects.toThrow('killed')
  }

  test('is on the disk before desk.db names it, also where it takes the place of a damaged one (F9)', async () => {
    await checkInAll(store, counter)
    await whole()
    const killed = temporaryFolder()
    cpSync(folder, killed, { recursive: true, filter: (from) => !from.endsWith('-shm') })
    await store.close()
    removeFolder(folder)
    folder = killed
    writeFileSync(path.join(folder, 'replica-1.db'), Buffer.alloc(4096, 1))
    const before = await isOnDisk('replica-2.db').catch(() => false)

    store = await Store.open(storeParts(folder, counter))

    expect(store.replica.file).toContain('replica-2.db')
    expect([before, await isOnDisk('replica-2.db')]).toEqual([false, true])
  })
})
