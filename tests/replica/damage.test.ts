import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Store } from '../../src-main/data/store.ts'
import { counterRows, entriesOf } from '../support/counter-rows.ts'
import { checkInAll, openCounterStore, removeFolder, rowsOf, storeParts, temporaryFolder } from '../support/store.ts'

let folder: string
const counter = counterRows()

beforeEach(async () => {
  folder = temporaryFolder()
  const store = await openCounterStore(folder, counter)
  await checkInAll(store, counter)
  await store.close()
})
afterEach(() => removeFolder(folder))

const flipByteIn = (name: string, at = 100): void => {
  const file = path.join(folder, name)
  const handle = openSync(file, 'r+')
  writeSync(handle, Buffer.from([(readFileSync(file)[at] ?? 0) ^ 0xff]), 0, 1, at)
  closeSync(handle)
}

describe('a damaged file', () => {
  test('of desk.db gives up what can be read, and stays beside the new one', async () => {
    flipByteIn('desk.db')
    const before = readFileSync(path.join(folder, 'desk.db'))

    const store = await Store.open(storeParts(folder, counter))

    expect(store.desk.mutationsAfter(0, 10).map(({ command }) => command)).toEqual(['check_in.record'])
    expect(readFileSync(path.join(folder, 'desk-damaged-1.db'))).toEqual(before)
    await store.close()
  })

  test('of the replica costs a new first sync, and no unsent work (D9)', async () => {
    flipByteIn('replica-1.db')

    const store = await Store.open(storeParts(folder, counter))

    expect(store.replica.readState().isComplete).toBe(false)
    expect(store.desk.mutationsAfter(0, 10).map(({ command }) => command)).toEqual(['check_in.record'])
    await store.close()
  })

  test('another key opens nothing, and makes nothing new in its place', async () => {
    const size = statSync(path.join(folder, 'desk.db')).size

    const other = Store.open({ ...storeParts(folder, counter), key: new Uint8Array(32).fill(8) })

    await expect(other).rejects.toMatchObject({ code: 'database_unreadable' })
    expect(statSync(path.join(folder, 'desk.db')).size).toBe(size)
  })
})

describe('a desk.db that is gone (D8)', () => {
  const loseDesk = (): void => {
    for (const end of ['', '-wal', '-shm']) rmSync(path.join(folder, `desk.db${end}`), { force: true })
  }

  test('in the middle of a renewal costs no replica that is whole', async () => {
    const renewing = await Store.open(storeParts(folder, counter))
    await renewing.startOver()
    await renewing.append(entriesOf(counter.rows).slice(0, 5), 'handle-2')
    await renewing.close()
    loseDesk()

    const store = await Store.open(storeParts(folder, counter))

    expect(path.basename(store.replica.file)).toBe('replica-1.db')
    expect(store.replica.readState().isComplete).toBe(true)
    expect(rowsOf(store, 'families')).toHaveLength(1)
    await store.close()
  })

  test('in the middle of the first sync goes on with the newest there is', async () => {
    removeFolder(folder)
    folder = temporaryFolder()
    const loading = await Store.open(storeParts(folder, counter))
    await loading.append(entriesOf(counter.rows).slice(0, 5), 'handle-2')
    await loading.close()
    loseDesk()

    const store = await Store.open(storeParts(folder, counter))

    expect(store.feedState).toMatchObject({ isComplete: false, handle: 'handle-2' })
    await store.close()
  })
})
