import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Disk, systemEnvironment } from '../../src-main/data/environment.ts'
import { fingerprint, progressOf } from '../../src-main/data/snapshot/load-parts.ts'
import { workInPlace } from '../../src-main/data/snapshot/work-in-place.ts'
import { workInThread } from '../../src-main/data/snapshot/work-in-thread.ts'
import { Store } from '../../src-main/data/store.ts'
import type { SnapshotManifest } from '../../src-shared/contract/snapshot.ts'
import { damagePage } from '../faults/support/damage.ts'
import { counterRows, entriesOf } from '../support/counter-rows.ts'
import { openCounterStore, removeFolder, storeParts, temporaryFolder } from '../support/store.ts'

let folder: string
const counter = counterRows()
const workFile = path.join(import.meta.dirname, '../../src-main/data/snapshot/work-main.ts')

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => removeFolder(folder))

/** The page that holds the families is in the file, and rotten. */
const damageFamilies = ({ replica }: Pick<Store, 'replica'>): void => {
  const page = replica.db.prepare("select rootpage from sqlite_schema where name = 'families'").pluck().get()
  replica.db.pragma('wal_checkpoint(TRUNCATE)')
  damagePage(replica.file, Number(page))
}

describe('a rotten page', () => {
  test('of a replica that loads is named also by the thread, so that it is filled anew (D7)', async () => {
    const parts = storeParts(folder, counter)
    const work = workInThread(workFile)
    const store = await Store.open({ ...parts, environment: { ...parts.environment, work } })
    const entries = entriesOf(counter.rows)
    await store.append(entries, 'handle-1')
    damageFamilies(store)

    const end = store.completeLoad({ position: entries.length, handle: 'handle-1', serverTime: undefined })

    await expect(end).rejects.toMatchObject({ code: 'database_unreadable' })
    expect(store.needsRenewal).toBe(false)
    await store.close()
  })

  test.each(['in place', 'in a thread'])(
    'of the shown one, found while its rows are counted %s, is told and holds up no renewal (D7)',
    async (where) => {
      await (await openCounterStore(folder, counter)).close()
      const parts = storeParts(folder, counter)
      const onDamage = vi.fn<() => void>()
      const work = where === 'in place' ? workInPlace(parts.environment.disk) : workInThread(workFile)
      const store = await Store.open({ ...parts, onDamage, environment: { ...parts.environment, work } })
      damageFamilies(store)

      expect(await store.rowCount('shown')).toBe(0)

      expect(onDamage).toHaveBeenCalled()
      expect(store.needsRenewal).toBe(true)
      await store.close()
    },
  )
})

describe('a full disk', () => {
  const manifest: SnapshotManifest = {
    id: '00000000-0000-4000-8000-0000000000aa',
    extent: 'whole',
    fingerprint,
    handle: 'handle-1',
    epoch: '00000000-0000-4000-8000-0000000000ee',
    position: 1,
    latest_hlc: null,
    taken_at: '2026-11-21T05:00:00.000Z',
    rows: 0,
    parts: [{ bytes: 1, raw_bytes: 1, sha256: '0'.repeat(64), rows: 0 }],
  }
  const full = (): never => {
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
  }

  test('at the end of a snapshot is named, and costs nothing of what was loaded (D4)', async () => {
    const { disk } = systemEnvironment
    const fullAtIndexes: Disk = {
      ...disk,
      open(file, options) {
        const db = disk.open(file, options)
        const exec = db.exec.bind(db)
        db.exec = (sql) => (/^create (unique )?index/i.test(sql) ? full() : exec(sql))
        return db
      },
    }
    const target = { file: path.join(folder, 'replica-2.db'), key: storeParts(folder, counter).key }
    await workInPlace(disk).begin(target, manifest)
    await workInPlace(disk).addPart(target, 0, new Sqlite(':memory:').serialize())

    await expect(workInPlace(fullAtIndexes).finish(target)).rejects.toMatchObject({ code: 'disk_full' })
    await expect(workInPlace({ ...disk, open: full }).progressOf(target)).rejects.toMatchObject({ code: 'disk_full' })
    expect(progressOf(disk, target)).toEqual({ manifest, partsDone: 1 })
  })
})
