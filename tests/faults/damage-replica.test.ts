import { cpSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEncrypted } from '../../src-main/data/sqlite.ts'
import { Store } from '../../src-main/data/store.ts'
import { entriesOf } from '../support/counter-rows.ts'
import { checkInAll, payCash, removeFolder, rowsOf, storeParts } from '../support/store.ts'
import { damagePage, pagesIn } from './support/damage.ts'
import { memoryFolder, type PreparedDesk, prepareDesk } from './support/disk-desk.ts'
import { extent, limitMs, tell } from './support/extent.ts'

const replicaFile = (folder: string): string => path.join(folder, 'replica-1.db')

describe('a damaged page of a replica, without internet (D7, D9)', () => {
  const root = memoryFolder()
  const worked = path.join(root, 'worked')
  let desk: PreparedDesk

  beforeAll(async () => {
    desk = await prepareDesk(root)
    cpSync(desk.clean, worked, { recursive: true })
    const store = await Store.open(storeParts(worked, desk.counter))
    await checkInAll(store, desk.counter)
    await payCash(store, desk.counter)
    await store.close()
  })
  afterAll(() => removeFolder(root))

  /** What the log brings again when there is internet. */
  const renew = async (store: Store): Promise<void> => {
    const entries = entriesOf(desk.counter.rows)
    await store.startOver()
    await store.append(entries, 'handle-2')
    await store.completeLoad({ position: entries.length, handle: 'handle-2', serverTime: '2026-11-21T05:00:00.000Z' })
  }

  test('any one, costs no unsent work, and the replica is made again beside it', { timeout: limitMs }, async () => {
    const pages = pagesIn(replicaFile(worked))
    let shown = 0
    let looked = 0

    for (let page = 1; page <= pages; page += extent(7, 1)) {
      const folder = path.join(root, 'rotten')
      removeFolder(folder)
      cpSync(worked, folder, { recursive: true })
      damagePage(replicaFile(folder), page)
      const store = await Store.open(storeParts(folder, desk.counter))
      looked += 1
      if (store.replica.readState().isComplete) shown += 1

      const unsent = store.desk.mutationsAfter(0, 10).map(({ command }) => command)
      const isKept = pagesIn(replicaFile(folder)) > 0
      await renew(store)

      expect(unsent, `page ${page}`).toEqual(['check_in.record', 'payment.take'])
      expect(isKept, `page ${page}`).toBe(true)
      expect(rowsOf(store, 'check_ins'), `page ${page}`).toHaveLength(3)
      expect(rowsOf(store, 'payments'), `page ${page}`).toHaveLength(1)
      expect(store.needsRenewal, `page ${page}`).toBe(false)
      await payCash(store, desk.counter, 20)
      await store.close()
    }

    // Most of what it has can be shown until then.
    expect(shown).toBeGreaterThan(looked / 2)
    tell(`a damaged page of the replica: ${looked} pages, ${shown} of them shown without internet, 0 unsent lost`)
  })

  test('or one of the shape of another version, is shown and worked with until the server has sent its own', async () => {
    const folder = path.join(root, 'older')
    cpSync(worked, folder, { recursive: true })
    const { key } = storeParts(folder, desk.counter)
    const older = openEncrypted(replicaFile(folder), { key, synchronous: 'NORMAL' })
    older.exec("update replica_state set value = 'of version 1' where key = 'fingerprint'")
    older.exec('alter table families drop column note')
    older.exec('drop table classes')
    older.close()

    const store = await Store.open(storeParts(folder, desk.counter))
    await payCash(store, desk.counter, 20)
    const before = { families: rowsOf(store, 'families'), payments: rowsOf(store, 'payments').length }
    const again = store.needsRenewal
    await renew(store)

    expect(before.families).toMatchObject([{ id: desk.counter.family.id, note: null }])
    expect(before.payments).toBe(2)
    expect(again).toBe(true)
    expect(rowsOf(store, 'classes')).toHaveLength(1)
    expect(rowsOf(store, 'payments')).toHaveLength(2)
    expect(store.needsRenewal).toBe(false)
    await store.close()
  })
})
