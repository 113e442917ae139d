import { cpSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Backup, type BackupOptions, backUp } from '../support/backup.ts'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { cuttable } from '../support/lines.ts'
import { temporaryFolder } from '../support/store.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let desks: TestDesk[] = []
let backups: Backup[] = []

beforeEach(async () => {
  server = await startSyncServer({ pollSeconds: 0.3 })
})
afterEach(async () => {
  for (const desk of desks) await desk.remove()
  await server.close()
  for (const backup of backups) await backup.drop()
  desks = []
  backups = []
})

const newDesk = async (options: Parameters<typeof enrollDesk>[1] = {}): Promise<TestDesk> => {
  const desk = await enrollDesk(server, options)
  desks.push(desk)
  return desk
}

const newBackup = async (options?: BackupOptions): Promise<Backup> => {
  const backup = await backUp(server.adminUrl, options)
  backups.push(backup)
  return backup
}

const checkIn = (desk: TestDesk, child: 0 | 1 | 2) =>
  desk.command('check_in.record', {
    entries: [{ student_id: server.counter.children[child].id, session_id: server.counter.session.id }],
  })

const pay = (desk: TestDesk, amount: number) =>
  desk.command('payment.take', {
    family_id: server.counter.family.id,
    method_id: server.counter.cash.id,
    amount,
    tendered: amount,
    reference: null,
    allocations: [{ invoice_id: server.counter.invoices[0].id, amount, already_paid: 0 }],
  })

const drained = async (desk: TestDesk) => until(async () => (await desk.data.status()).waiting === 0)

/** What was done at the desks, as one of them shows it. */
const work = (desk: TestDesk) =>
  Object.fromEntries(
    ['check_ins', 'payments', 'payment_allocations', 'receipts', 'device_progress'].map((table) => [
      table,
      desk.rows(table),
    ]),
  )

const labels = (desk: TestDesk) =>
  desk
    .rows('receipts')
    .map(({ label }) => String(label))
    .toSorted()

const epoch = async () =>
  (await server.sql<{ epoch: string; reason: string }>('select epoch, reason from server_epoch'))[0]

const outcomesOf = (id: string) => server.sql(`select outcome, code from mutations where id = $1`, [id])

/** Two desks have worked since the backup, both know all of it, and their lines are cut. */
const workSinceBackup = async (options?: BackupOptions) => {
  const lines = [cuttable(), cuttable()] as const
  const [one, two] = [await newDesk(lines[0]), await newDesk(lines[1])]
  await checkIn(one, 0)
  await pay(two, 1000)
  await Promise.all([drained(one), drained(two)])
  const backup = await newBackup(options)
  await pay(one, 2000)
  await pay(two, 1500)
  // Under a sign-in that the backup does not know.
  await two.call('session.sign_out')
  await two.signIn()
  await checkIn(two, 1)
  await Promise.all([drained(one), drained(two)])
  await until(() =>
    [one, two].every((desk) => desk.rows('receipts').length === 3 && desk.rows('check_ins').length === 2),
  )
  const known = work(one)
  for (const line of lines) line.cut(true)
  const mend = (): void => lines.forEach((line) => line.cut(false))
  return { one, two, lines, mend, backup, known }
}

/** Everything is there that was done before, during and after, once, on both desks and on the server. */
const expectNothingLost = async ({ one, two, known }: Awaited<ReturnType<typeof workSinceBackup>>): Promise<void> => {
  await Promise.all([drained(one), drained(two)])
  await until(() =>
    [one, two].every((desk) => desk.rows('receipts').length === 4 && desk.rows('check_ins').length === 3),
  )

  expect(work(one)).toEqual(work(two))
  for (const [table, rows] of Object.entries(known)) {
    if (table !== 'device_progress') expect(work(one)[table]).toEqual(expect.arrayContaining([...rows]))
  }
  expect(labels(one)).toEqual(['WER1-000001', 'WER1-000002', 'WER2-000001', 'WER2-000002'])
  expect(await server.sql(`select distinct outcome from mutations`)).toEqual([{ outcome: 'applied' }])
  expect([...one.faults, ...two.faults]).toEqual([])
}

describe('a database that was restored from a backup', () => {
  test('gets a new epoch by itself, and the desks send again what it lost: as if it had never happened (S5)', async () => {
    const situation = await workSinceBackup()
    const { one, two, lines, mend, backup } = situation
    const before = await epoch()

    await backup.restore()
    await until(async () => (await epoch())?.epoch !== before?.epoch)
    lines[0].cut(false)
    await pay(one, 700)
    await checkIn(two, 2)
    await until(() => one.rows('payments').length === 3)
    mend()

    await expectNothingLost(situation)
    expect((await epoch())?.reason).toBe('restored')
  })

  test('without a trace is given away by a desk that was further (S5)', async () => {
    const situation = await workSinceBackup({ isTraceless: true })
    const { one, two, mend, backup } = situation

    await backup.restore()
    await pay(one, 700)
    await checkIn(two, 2)
    mend()

    await expectNothingLost(situation)
    expect((await epoch())?.reason).toMatch(/^a device is ahead/)
  })

  test('without a trace is given away by the numbers of a desk, also when others have written since (S5, U4)', async () => {
    const situation = await workSinceBackup({ isTraceless: true })
    const { one, two, lines, mend, backup } = situation
    const [head] = await server.sql<{ position: number }>('select max(position)::int as position from sync_log')

    await backup.restore()
    for (let count = 0; count < (head?.position ?? 0); count += 1)
      await server.sql('update programs set name = name || $1', ['.'])
    await checkIn(two, 2)
    await pay(one, 700)
    lines[0].cut(false)
    await until(async () => (await epoch())?.reason === 'a device is ahead: sequence')
    mend()

    await expectNothingLost(situation)
  })

  test('without a trace, and written to past every desk, is given away by the comparison (S5, SPEC H5)', async () => {
    const { one, two, mend, backup } = await workSinceBackup({ isTraceless: true })
    const before = await epoch()
    const [head] = await server.sql<{ position: number }>('select max(position)::int as position from sync_log')

    await backup.restore()
    for (let count = 0; count < (head?.position ?? 0); count += 1)
      await server.sql('update programs set name = name || $1', ['.'])
    mend()
    await until(async () => (await one.data.status()).online && (await two.data.status()).online)
    await until(async () => {
      for (const desk of [one, two]) await desk.call('sync.compare')
      return (await server.sql('select from payments')).length === 3
    })

    await until(async () => (await server.sql('select from check_ins')).length === 2)
    expect(await epoch()).toEqual(before)
  })

  test('further than work is kept holds up nothing, and is no reason to begin anew again (S5, U4)', async () => {
    const { one, mend, backup } = await workSinceBackup()
    const { store } = one.data.signedIn()
    store.desk.pruneSent(store.progress, '2099-01-01T00:00:00.000Z')

    await backup.restore()
    await until(async () => (await epoch())?.reason === 'restored')
    await server.sql("update server_epoch set since = now() - interval '1 day', written_by = pg_current_xact_id()")
    const restored = await epoch()
    await pay(one, 700)
    mend()

    await until(async () => (await server.sql('select from payments where amount = 700')).length === 1)
    await drained(one)
    expect(await epoch()).toEqual(restored)
  })

  test('is told by a copied computer what only that one was answered, also behind numbers of the other (S5, D15)', async () => {
    const stopped = await newDesk()
    await checkIn(stopped, 0)
    await drained(stopped)
    await stopped.stop()
    const folder = temporaryFolder()
    cpSync(stopped.folder, folder, { recursive: true })
    const lines = [cuttable(), cuttable()] as const
    const [one, two] = [openDesk({ folder: stopped.folder, ...lines[0] }), openDesk({ folder, ...lines[1] })]
    desks.push(one, two)
    await Promise.all([one.signIn(), two.signIn()])
    const backup = await newBackup()
    lines[1].cut(true)
    const { mutation_id: ofCopy } = await pay(two, 700)
    await pay(one, 1000)
    await drained(one)
    lines[1].cut(false)
    await until(async () => (await outcomesOf(ofCopy)).length === 1)
    await pay(one, 2000)
    await until(() => two.rows('payments').length === 2)
    for (const line of lines) line.cut(true)

    await backup.restore()
    await until(async () => (await epoch())?.reason === 'restored')
    lines[0].cut(false)
    await until(async () => (await server.sql('select from device_progress where last_seq = 3')).length === 1)
    expect(await outcomesOf(ofCopy)).toEqual([])
    lines[1].cut(false)

    await until(async () => (await outcomesOf(ofCopy)).length === 1)
    expect(await outcomesOf(ofCopy)).toEqual([{ outcome: 'refused', code: 'sequence_gap' }])
    expect([...one.faults, ...two.faults]).toEqual([])
  })

  test('takes back a computer that was enrolled since, and gave its series of receipts to no other (S5, B3)', async () => {
    await newDesk()
    const backup = await newBackup()
    const line = cuttable()
    const lost = await newDesk(line)
    await pay(lost, 500)
    await drained(lost)
    line.cut(true)

    await backup.restore()
    await until(async () => (await epoch())?.reason === 'restored')
    const fresh = await newDesk()
    const next = await newDesk()
    await pay(fresh, 600)
    await pay(next, 700)

    expect(labels(lost)).toEqual(['WER2-000001'])
    expect([...labels(fresh), ...labels(next)]).toEqual(['WER22-000001', 'WER23-000001'])
    line.cut(false)
    await until(() => [lost, fresh, next].every((desk) => desk.rows('receipts').length === 3))
    await drained(lost)
    expect(labels(lost)).toEqual(['WER2-000001', 'WER22-000001', 'WER23-000001'])
    expect(lost.faults).toEqual([])
  })
})
