import { cpSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openEncrypted } from '../../src-main/data/sqlite.ts'
import { Store } from '../../src-main/data/store.ts'
import type { TakePaymentArgs } from '../../src-shared/commands/take-payment.ts'
import { entriesOf } from '../support/counter-rows.ts'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { cuttable } from '../support/lines.ts'
import { checkInAll, payCash, removeFolder, rowsOf, storeParts } from '../support/store.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'
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

describe('a replica that is damaged while the desk works (D7)', () => {
  let server: TestServer
  let desk: TestDesk
  let line: ReturnType<typeof cuttable>

  beforeEach(async () => {
    line = cuttable()
    server = await startSyncServer()
    desk = await enrollDesk(server, line)
  })
  afterEach(async () => {
    await desk.remove()
    await server.close()
  })

  /** The page in which a row lies. */
  const pageOf = (table: string): number => {
    const { replica } = desk.data.signedIn().store
    const page = replica.db.prepare('select rootpage from sqlite_schema where name = ?').pluck().get(table)
    return Number(page)
  }

  test.each(['families', 'payment_methods', 'device_progress', 'replica_state', 'role_assignments'])(
    'in the rows of %s goes on, and is whole again when there is internet',
    { timeout: limitMs },
    async (table) => {
      const page = pageOf(table)
      await desk.stop()
      line.cut(true)
      damagePage(replicaFile(desk.folder), page)
      desk = openDesk({ folder: desk.folder, ...line })
      await desk.call('session.sign_in', { sign_in_name: 'sam.lee', password: 'correct horse battery staple' })
      const { counter } = server
      const entries = counter.children.map(({ id }) => ({ student_id: id, session_id: counter.session.id }))
      const work = await desk.invoke('command', { name: 'check_in.record', args: { entries } })

      line.cut(false)
      await until(() => desk.data.appState().stage === 'ready')
      const payment: TakePaymentArgs = {
        family_id: counter.family.id,
        method_id: counter.cash.id,
        amount: 100,
        tendered: 100,
        reference: null,
        allocations: [],
      }
      // Refused while a page that it needs is damaged: the person is told that it is fetched again.
      await until(async () => (await desk.invoke('command', { name: 'payment.take', args: payment })).ok)
      await until(async () => (await desk.data.status()).waiting === 0)
      await until(() => damageOf(desk) === 'ok')

      expect(desk.rows('families')).toHaveLength(1)
      expect(desk.rows('check_ins')).toHaveLength(work.ok ? 3 : 0)
      expect(await server.sql('select count(*)::int as count from payments')).toEqual([{ count: 1 }])
    },
  )
})

const damageOf = (desk: TestDesk): string => {
  try {
    return String(desk.data.signedIn().store.replica.db.pragma('quick_check(1)', { simple: true }))
  } catch (error) {
    return String(error)
  }
}

describe('work that a damaged desk.db has lost (D7)', () => {
  let server: TestServer
  let desk: TestDesk
  let line: ReturnType<typeof cuttable>

  beforeEach(async () => {
    line = cuttable()
    server = await startSyncServer()
    desk = await enrollDesk(server, line)
  })
  afterEach(async () => {
    await desk.remove()
    await server.close()
  })

  test('is shown to people, and what was saved after it goes up', { timeout: limitMs }, async () => {
    const { counter } = server
    line.cut(true)
    for (let count = 1; count <= 20; count += 1) {
      await desk.command('payment.take', {
        family_id: counter.family.id,
        method_id: counter.cash.id,
        amount: count,
        tendered: count,
        reference: null,
        allocations: [],
      })
    }
    await desk.stop()
    // The first leaf of the outbox, behind the roots of five tables and their indexes.
    damagePage(path.join(desk.folder, 'desk.db'), 12)
    desk = openDesk({ folder: desk.folder, ...line })
    await desk.signIn()
    const lost = (await desk.call('sync.waiting')).filter(({ local_error }) => local_error?.code === 'work_lost')

    line.cut(false)
    await until(async () => (await desk.data.status()).waiting === 0)

    const [{ count } = { count: 0 }] = await server.sql<{ count: number }>(
      'select count(*)::int as count from payments',
    )
    expect(lost.length).toBeGreaterThan(0)
    expect(count).toBe(20 - lost.length)
    expect(await server.sql("select count(*)::int as count from mutation_outcomes where code = 'work_lost'")).toEqual([
      { count: lost.length },
    ])
  })
})
