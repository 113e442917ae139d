import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { InboxCount } from '../../src-shared/queries/inbox-count.ts'
import type { Inbox, InboxItem } from '../../src-shared/queries/inbox.ts'
import { backUp } from '../support/backup.ts'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { cuttable } from '../support/lines.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let desks: TestDesk[] = []

beforeEach(async () => {
  server = await startSyncServer()
})
afterEach(async () => {
  for (const desk of desks) await desk.remove()
  desks = []
  await server.close()
})

const newDesk = async () => {
  const line = cuttable()
  const desk = await enrollDesk(server, line)
  desks.push(desk)
  return { desk, cut: line.cut, fetch: line.fetch }
}

const inbox = (desk: TestDesk): Promise<Inbox> => desk.query<Inbox>('inbox.list', {})
const drained = async (desk: TestDesk) => until(async () => (await desk.call('sync.status')).waiting === 0)
const place = (child: 0 | 1 | 2) => ({
  student_id: server.counter.children[child].id,
  session_id: server.counter.session.id,
})
const checkIn = (desk: TestDesk, child: 0 | 1 | 2 = 0) => desk.command('check_in.record', { entries: [place(child)] })
const settlementsOn = (desk: TestDesk) => desk.rows('inbox_settlements')
const about = (item: Pick<InboxItem, 'id'>) => ({ outcome_id: item.id, also: [], note: null })
const redo = (item: InboxItem, args: unknown = item.args) => ({
  ...about(item),
  command: item.command,
  version: item.version,
  args,
})

/** A check-in that the server refused, because the class was cancelled meanwhile; then the class is back. */
const refusedCheckIn = async ({ desk, cut }: Awaited<ReturnType<typeof newDesk>>): Promise<InboxItem> => {
  cut(true)
  await checkIn(desk)
  await server.sql("update sessions set status = 'cancelled'")
  cut(false)
  await drained(desk)
  const [item] = (await inbox(desk)).open
  await server.sql("update sessions set status = 'scheduled'")
  await until(() => desk.rows('sessions').every(({ status }) => status === 'scheduled'))
  if (!item) throw new Error('Nothing was refused')
  return item
}

describe('an item of the inbox', () => {
  test('is at every desk of the facility, with what was asked, what there is instead, and who, when and where', async () => {
    const [one, two] = [await newDesk(), await newDesk()]

    const item = await refusedCheckIn(one)
    await until(() => two.desk.rows('mutation_outcomes').length === 1)

    expect((await inbox(two.desk)).open).toEqual([item])
    expect(item).toMatchObject({
      command: 'check_in.record',
      args: { entries: [place(0)] },
      outcome: 'refused',
      error: { code: 'session_cancelled' },
      instead: [{ kind: 'session', session_id: server.counter.session.id, status: 'cancelled' }],
      suggestion: 'session_is_off',
      by: 'Sam Lee',
      desk: 'Desk',
      may: { accept: true, drop: true, redo: true },
    })
    expect(item.at).not.toBeNull()
    expect(await two.desk.query<InboxCount>('inbox.count', {})).toEqual({ needs_you: 1, open: 1 })
  })

  test('that another desk settles is settled everywhere, and said who did', async () => {
    const [one, two] = [await newDesk(), await newDesk()]
    const item = await refusedCheckIn(one)
    await until(() => two.desk.rows('mutation_outcomes').length === 1)

    await two.desk.command('inbox.drop', { ...about(item), note: 'Nobody came' })
    await until(() => settlementsOn(one.desk).length === 1)

    expect(await inbox(one.desk)).toMatchObject({
      open: [],
      settled: [{ id: item.id, settled: { state: 'dropped', note: 'Nobody came', by: 'Sam Lee' } }],
    })
  })

  test('is done again with other arguments while offline, and has one effect', async () => {
    const one = await newDesk()
    const item = await refusedCheckIn(one)
    one.cut(true)

    await one.desk.command('inbox.redo', redo(item, { entries: [place(1)] }))
    expect((await inbox(one.desk)).open).toEqual([])
    one.cut(false)
    await drained(one.desk)

    expect(await server.sql('select student_id from check_ins')).toEqual([{ student_id: place(1).student_id }])
    expect(await server.sql('select state from inbox_settlements')).toEqual([{ state: 'redone' }])
    expect((await inbox(one.desk)).open).toEqual([])
  })

  test('that is refused once more when it is done again is open again, with the attempt under it (X3)', async () => {
    const one = await newDesk()
    const item = await refusedCheckIn(one)
    one.cut(true)
    await one.desk.command('inbox.redo', redo(item))
    await server.sql("update sessions set status = 'cancelled'")

    one.cut(false)
    await drained(one.desk)

    const { open } = await inbox(one.desk)
    expect(open).toMatchObject([{ id: item.id, under: [{ is_attempt: true, error: { code: 'session_cancelled' } }] }])
    expect(await one.desk.query<InboxCount>('inbox.count', {})).toEqual({ needs_you: 1, open: 1 })
    expect(one.desk.rows('check_ins')).toEqual([])
  })
})

describe('two desks that settle the same item while offline', () => {
  const both = async () => {
    const [one, two] = [await newDesk(), await newDesk()]
    const item = await refusedCheckIn(one)
    await until(() => two.desk.rows('mutation_outcomes').length === 1)
    await until(() => two.desk.rows('sessions').every(({ status }) => status === 'scheduled'))
    one.cut(true)
    two.cut(true)
    return { one, two, item }
  }
  const meet = async ({ one, two }: Awaited<ReturnType<typeof both>>) => {
    one.cut(false)
    await drained(one.desk)
    two.cut(false)
    await drained(two.desk)
    await until(() => settlementsOn(one.desk).length > 0 && settlementsOn(two.desk).length > 0)
  }

  test('one wins, the other is told once, and reading that is the end of it (X2)', async () => {
    const desk = await both()
    await desk.one.desk.command('inbox.accept', about(desk.item))
    await desk.two.desk.command('inbox.drop', { ...about(desk.item), note: 'Nobody came' })

    await meet(desk)

    const [notice, ...others] = (await inbox(desk.two.desk)).open
    expect(others).toEqual([])
    expect(notice).toMatchObject({
      command: 'inbox.drop',
      is_notice: true,
      error: { code: 'already_settled' },
      suggestion: 'nothing_to_do',
      instead: [{ kind: 'settlement', state: 'accepted', by: 'Sam Lee' }],
    })

    // Both desks read it at once, offline: nobody is told anything any more.
    if (!notice) throw new Error('The other one was not told')
    await until(async () => (await inbox(desk.one.desk)).open.length === 1)
    for (const each of [desk.one, desk.two]) each.cut(true)
    await desk.one.desk.command('inbox.accept', about(notice))
    await desk.two.desk.command('inbox.accept', about(notice))
    await meet(desk)
    await until(() => settlementsOn(desk.two.desk).length === 2)

    for (const each of [desk.one, desk.two]) expect((await inbox(each.desk)).open).toEqual([])
    expect(await server.sql('select count(*)::int as count from mutation_outcomes')).toEqual([{ count: 2 }])
  })

  test('do it again: it is done once, and what the other one did stays to be looked at', async () => {
    const desk = await both()
    await desk.one.desk.command('inbox.redo', redo(desk.item))
    await desk.two.desk.command('inbox.redo', redo(desk.item, { entries: [place(1)] }))

    await meet(desk)

    expect(await server.sql('select student_id from check_ins')).toEqual([{ student_id: place(0).student_id }])
    await until(() => desk.one.desk.rows('mutation_outcomes').length === 2)
    for (const each of [desk.one, desk.two]) {
      expect((await inbox(each.desk)).open).toMatchObject([
        { command: 'check_in.record', args: { entries: [place(1)] }, error: { code: 'already_settled' } },
      ])
    }
    expect(desk.two.desk.rows('check_ins')).toHaveLength(1)
  })
})

describe('nothing leaves the inbox by itself (X1)', () => {
  test('and nothing settled comes back, when the server is restored to before it was there (S5)', async () => {
    const one = await newDesk()
    one.cut(true)
    await checkIn(one.desk, 0)
    await checkIn(one.desk, 1)
    await server.sql("update sessions set status = 'cancelled'")
    const backup = await backUp(server.adminUrl)
    one.cut(false)
    await drained(one.desk)
    const [open, dropped] = (await inbox(one.desk)).open
    if (!open || !dropped) throw new Error('Nothing was refused')
    await one.desk.command('inbox.drop', { ...about(dropped), note: 'Nobody came' })
    await drained(one.desk)
    one.cut(true)
    const { handle } = one.desk.data.signedIn().store.feedState

    await backup.restore()
    one.cut(false)
    await until(() => one.desk.data.signedIn().store.feedState.handle !== handle)
    await drained(one.desk)
    await until(() => settlementsOn(one.desk).length === 1)

    expect(await inbox(one.desk)).toMatchObject({
      open: [{ id: open.id, args: open.args, error: open.error }],
      settled: [{ id: dropped.id, settled: { state: 'dropped', note: 'Nobody came' } }],
    })
    await backup.drop()
  })

  test('through a start of the program, a new log, a new replica, or a month of sent mutations forgotten', async () => {
    const one = await newDesk()
    const item = await refusedCheckIn(one)
    const { store } = one.desk.data.signedIn()

    store.desk.pruneSent(store.progress, '2099-01-01T00:00:00.000Z')
    await server.sql('update server_epoch set epoch = gen_random_uuid()')
    await server.sql('update families set name = name')
    const { handle } = store.feedState
    await until(() => store.feedState.handle !== handle && one.desk.rows('mutation_outcomes').length === 1)
    expect((await inbox(one.desk)).open).toEqual([item])

    await one.desk.stop()
    const again = openDesk({ folder: one.desk.folder, fetch: one.fetch })
    desks = [again]
    await again.signIn()

    expect((await inbox(again)).open).toEqual([item])
    expect(await again.query('inbox.sent', { outcome_id: item.id })).toEqual({ args: JSON.stringify(item.args) })
  })
})
