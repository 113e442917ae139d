import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { cuttable } from '../support/lines.ts'
import { paymentOf } from '../support/payment-args.ts'
import { password, signInName, startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'
import { damagePage } from './support/damage.ts'
import { limitMs } from './support/extent.ts'

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

describe('a replica that is damaged while the desk works (D7)', () => {
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
      damagePage(path.join(desk.folder, 'replica-1.db'), page)
      desk = openDesk({ folder: desk.folder, ...line })
      await desk.call('session.sign_in', { sign_in_name: signInName, password })
      const { counter } = server
      const entries = counter.children.map(({ id }) => ({ student_id: id, session_id: counter.session.id }))
      const work = await desk.invoke('command', { name: 'check_in.record', args: { entries } })

      line.cut(false)
      await until(() => desk.data.appState().stage === 'ready')
      const payment = paymentOf(counter)(100, [])
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
  test('is shown to people, and what was saved after it goes up', { timeout: limitMs }, async () => {
    const { counter } = server
    line.cut(true)
    for (let count = 1; count <= 20; count += 1) {
      await desk.command('payment.take', paymentOf(counter)(count, []))
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
