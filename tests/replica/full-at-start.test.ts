import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Disk, systemEnvironment } from '../../src-main/data/environment.ts'
import { openStore } from '../../src-main/data/open-store.ts'
import { forgetOldSent } from '../../src-main/data/outbox/forget-sent.ts'
import type { SqliteDatabase } from '../../src-main/data/sqlite.ts'
import { Store } from '../../src-main/data/store.ts'
import { counterRows } from '../support/counter-rows.ts'
import { checkInAll, openCounterStore, removeFolder, rowsOf, storeParts, temporaryFolder } from '../support/store.ts'

let folder: string
/** What the disk says to whoever ends a transaction in one of these files. */
let refusals: Readonly<Record<string, string>>
let opened: SqliteDatabase[]
const counter = counterRows()

const disk: Disk = {
  ...systemEnvironment.disk,
  open(file, options) {
    const db = systemEnvironment.disk.open(file, options)
    opened.push(db)
    const prepare = db.prepare.bind(db)
    const refused = (sql: string): void => {
      const code = refusals[path.basename(file)]
      if (code !== undefined && /^(commit|delete)/.test(sql)) throw Object.assign(new Error(code), { code })
    }
    const watched = (sql: string) => {
      const statement = prepare(sql)
      const run = statement.run.bind(statement)
      statement.run = (...args: unknown[]) => {
        refused(sql)
        return run(...args)
      }
      return statement
    }
    return Object.assign(db, { prepare: watched })
  },
}
const partsWith = (release?: () => boolean) => {
  const parts = storeParts(folder, counter)
  const reserve = release && { release, isMissing: () => false }
  return { ...parts, environment: { ...parts.environment, disk, ...(reserve && { reserve }) } }
}
const full = { 'replica-1.db': 'SQLITE_FULL' }

beforeEach(async () => {
  folder = temporaryFolder()
  refusals = {}
  opened = []
  await (await openCounterStore(folder, counter)).close()
  const store = await Store.open(partsWith())
  // Saved in `desk.db`; the replica had no room for it any more.
  refusals = full
  await checkInAll(store, counter)
  await store.close()
  opened = []
})
afterEach(() => removeFolder(folder))

describe('a start on a full disk', () => {
  test('uses the reserve to show everything that is saved (D4, R1)', async () => {
    const release = vi.fn<() => boolean>(() => {
      refusals = {}
      return true
    })

    const store = await openStore(partsWith(release))

    expect(rowsOf(store, 'check_ins')).toHaveLength(3)
    expect(release).toHaveBeenCalledOnce()
    await store.close()
  })

  test('that has no reserve left says so, and shows nothing rather than less than is saved (D4, R1)', async () => {
    await expect(openStore(partsWith(() => false))).rejects.toMatchObject({ code: 'disk_full' })
    refusals = {}

    const store = await openStore(partsWith(() => false))

    expect(rowsOf(store, 'check_ins')).toHaveLength(3)
    await store.close()
  })

  test('that has no room to forget what was sent forgets it another time (D4)', async () => {
    refusals = {}
    const store = await Store.open(partsWith())
    refusals = { 'desk.db': 'SQLITE_FULL' }

    expect(() => forgetOldSent(store, partsWith().environment)).not.toThrow()
    await store.close()
  })
})

test('a start that fails leaves no connection open', async () => {
  refusals = { 'replica-1.db': 'SQLITE_IOERR' }

  await expect(Store.open(partsWith())).rejects.toMatchObject({ code: 'disk_failing' })

  expect(opened.length).toBeGreaterThan(2)
  expect(opened.filter((db) => db.open)).toEqual([])
})
