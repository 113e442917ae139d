import { cpSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Store } from '../../src-main/data/store.ts'
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

let root: string
let store: Store
/** What `desk.db` was told to name, one after the other. */
let named: string[]
const counter = counterRows()
const at = (name: string): string => path.join(root, name)
const entries = entriesOf(counter.rows)

/** A renewal, with what is on the disk just before and just after the next replica is named. */
beforeEach(async () => {
  root = temporaryFolder()
  mkdirSync(at('desk'))
  store = await openCounterStore(at('desk'), counter)
  await checkInAll(store, counter)
  await payCash(store, counter)
  named = []
  const { saveSetting } = store.desk
  vi.spyOn(store.desk, 'saveSetting').mockImplementation((key, value) => {
    const isNaming = key === 'replica'
    if (isNaming) {
      named.push(value)
      cpSync(at('desk'), at('before'), { recursive: true })
    }
    saveSetting(key, value)
    if (isNaming) cpSync(at('desk'), at('after'), { recursive: true })
  })
  await store.startOver()
  await store.append(entries, 'handle-2')
})
afterEach(async () => {
  await store.close()
  removeFolder(root)
})

const complete = () =>
  store.completeLoad({ position: entries.length, handle: 'handle-2', serverTime: '2026-11-21T05:14:00.000Z' })
const killedAt = async (name: string): Promise<void> => {
  await store.close()
  for (const each of ['desk', 'replica-1', 'replica-2']) rmSync(path.join(at(name), `${each}.db-shm`), { force: true })
  store = await Store.open(storeParts(at(name), counter))
}
const shown = () => ({
  file: path.basename(store.replica.file),
  isComplete: store.replica.readState().isComplete,
  rows: ['families', 'check_ins', 'receipts'].map((table) => rowsOf(store, table).length),
})

describe('a replica that takes over', () => {
  test('does so by one commit that names it, and the outbox stays as it is (F4)', async () => {
    const unsent = store.desk.mutationsAfter(0, 10)

    await complete()

    expect(named).toEqual(['2'])
    expect(store.desk.mutationsAfter(0, 10)).toEqual(unsent)
    expect(shown()).toEqual({ file: 'replica-2.db', isComplete: true, rows: [1, 3, 1] })
  })

  test.each([
    ['before', 'replica-1.db'],
    ['after', 'replica-2.db'],
  ])(
    'is not shown a moment too early: a kill just %s that commit finds %s, with what is unsent (F4)',
    async (when, file) => {
      await complete()

      await killedAt(when)

      expect(shown()).toEqual({ file, isComplete: true, rows: [1, 3, 1] })
      expect(store.desk.mutationsAfter(0, 10)).toHaveLength(2)
    },
  )

  test('is on the disk itself before it is named: a power cut takes nothing of it (F9)', async () => {
    await complete()
    // Not one page of its log was synced.
    rmSync(path.join(at('after'), 'replica-2.db-wal'))

    await killedAt('after')

    expect(shown()).toEqual({ file: 'replica-2.db', isComplete: true, rows: [1, 3, 1] })
  })
})
