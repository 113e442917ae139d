import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { systemEnvironment } from '../../src-main/data/environment.ts'
import { runQuery } from '../../src-main/data/replica/read.ts'
import { entriesOf } from '../support/counter-rows.ts'
import { counterStore } from '../support/counter-store.ts'
import { actorOf } from '../support/store.ts'

const { counter, store, reopen } = counterStore()

const found = async (): Promise<number> => {
  const context = {
    facilityId: counter.till.facility_id,
    deviceId: counter.till.device_id,
    staffId: counter.staff.id,
    permissions: actorOf(counter).permissions,
  }
  const args = { text: counter.family.name.slice(0, 4), now: '2026-11-21T05:12:00.000Z' }
  const { result } = await runQuery(store().replica.reads, 'counter.search', args, context)
  return (result as { readonly families: readonly unknown[] }).families.length
}
const indexes = (): unknown =>
  store()
    .replica.db.prepare("select count(*) from sqlite_schema where type = 'index' and sql is not null")
    .pluck()
    .get()

test('families are found after an update that was installed without internet (D14, F8)', async () => {
  const before = [await found(), indexes()]
  store().replica.db.exec("update replica_state set value = 'three versions ago' where key = 'fingerprint'")

  await reopen()

  expect([await found(), indexes()]).toEqual(before)
})

test('a damaged page of the replica that loads does not let the shown one be emptied unasked (F7, S11)', async () => {
  let isRotten = false
  const { disk } = systemEnvironment
  const open: typeof disk.open = (file, options) => {
    const db = disk.open(file, options)
    const prepare = db.prepare.bind(db)
    return Object.assign(db, {
      prepare(sql: string) {
        if (isRotten && file.endsWith('replica-2.db') && sql.startsWith('insert into "families"')) {
          throw new Sqlite.SqliteError('database disk image is malformed', 'SQLITE_CORRUPT')
        }
        return prepare(sql)
      },
    })
  }
  await reopen({ disk: { ...disk, open } })
  const before = await store().rowCount('shown')
  await store().startOver()
  isRotten = true

  await expect(store().append(entriesOf(counter.rows), 'handle-2')).rejects.toThrow('damaged')

  expect(before).toBeGreaterThan(0)
  expect(await store().rowCount('shown')).toBe(before)
})
