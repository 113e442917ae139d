import { afterEach, beforeEach, expect, test } from 'vitest'
import { indexDdl } from '../../src-shared/replica/schema.ts'
import { type Disk, systemEnvironment } from '../../src-main/data/environment.ts'
import { Store } from '../../src-main/data/store.ts'
import type { LogEntry } from '../../src-shared/replica/log-entry.ts'
import { family } from '../support/academy.ts'
import { counterRows, entriesOf } from '../support/counter-rows.ts'
import { removeFolder, rowsOf, storeParts, temporaryFolder } from '../support/store.ts'

let folder: string
let store: Store
const counter = counterRows()

beforeEach(async () => {
  folder = temporaryFolder()
  store = await Store.open(storeParts(folder, counter))
})
afterEach(async () => {
  await store.close()
  removeFolder(folder)
})

/** More than go into one statement, and into one piece. */
const manyFamilies = Array.from({ length: 2345 }, (_, index) => family({ name: `Berg ${index}` }))
const complete = async (position: number) =>
  store.completeLoad({ position, handle: 'handle-1', serverTime: '2026-11-21T05:00:00.000Z' })
const found = () =>
  store.replica.db.prepare("select family_id from search_index where search_index match 'berg*'").pluck().all()

test('has every row of a long log', async () => {
  const entries = entriesOf({ ...counter.rows, families: manyFamilies })

  await store.append(entries, 'handle-1')
  await complete(entries.length)

  expect(rowsOf(store, 'families')).toEqual(manyFamilies.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
  expect(found()).toHaveLength(manyFamilies.length)
})

test('goes on where it was after a piece in which there is nothing for this program (D14, F1)', async () => {
  const entries = entriesOf(counter.rows)
  await store.append(entries, 'handle-1')

  await store.append([], 'handle-1')

  expect(store.feedState.position).toBe(entries.length)
})

test('shows of each row what its last entry says', async () => {
  const [changed, gone, back, ...others] = manyFamilies
  const first = entriesOf({ families: manyFamilies })
  const later = [
    { ...first[0], row: { ...changed, name: 'Wald' } },
    { ...first[1], row: null },
    { ...first[2], row: null },
    { ...first[2], row: back },
  ].map((entry, index) => ({ ...entry, position: first.length + 1 + index })) as readonly LogEntry[]
  const all = [...first, ...later]

  await store.append(all, 'handle-1')
  await complete(all.length)

  const families = rowsOf(store, 'families')
  expect(families).toHaveLength(others.length + 2)
  expect(families.find(({ id }) => id === changed?.id)).toMatchObject({ name: 'Wald' })
  expect(families.some(({ id }) => id === gone?.id)).toBe(false)
  expect(families.find(({ id }) => id === back?.id)).toEqual(back)
})

test('is made whole again after a cut in the middle of making its indexes', async () => {
  const entries = entriesOf({ ...counter.rows, families: manyFamilies })
  await store.append(entries, 'handle-1')
  store.replica.db.exec(indexDdl[0] ?? '')
  store.replica.db.prepare('insert into search_families (family_id) values (?)').run(manyFamilies[0]?.id)
  store.replica.db.prepare("insert into search_index (rowid, family_id, terms) values (1, ?, 'berg')").run('stale')
  await store.close()
  store = await Store.open(storeParts(folder, counter))

  await complete(entries.length)

  expect(found()).toHaveLength(manyFamilies.length)
  expect(found()).not.toContain('stale')
})

test('goes on after the disk failed while the last of it was installed (D5)', async () => {
  await store.close()
  let isFailing = true
  const disk: Disk = {
    ...systemEnvironment.disk,
    open(file, options) {
      const db = systemEnvironment.disk.open(file, options)
      const exec = db.exec.bind(db)
      db.exec = (sql) => {
        if (isFailing && sql.startsWith('create temp trigger if not exists before_image')) {
          isFailing = false
          throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' })
        }
        return exec(sql)
      }
      return db
    },
  }
  const parts = storeParts(folder, counter)
  store = await Store.open({ ...parts, environment: { ...parts.environment, disk } })
  const entries = entriesOf(counter.rows)
  await store.append(entries, 'handle-1')
  await expect(complete(entries.length)).rejects.toMatchObject({ code: 'disk_failing' })

  await complete(entries.length)

  expect(store.replica.live().search.refresh()).toBe(false)
  expect(rowsOf(store, 'families')).toHaveLength(1)
})
