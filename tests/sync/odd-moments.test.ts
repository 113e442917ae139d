import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Inbox } from '../../src-shared/queries/inbox.ts'
import { hashPassword } from '../../sync-server/auth/sign-in.ts'
import { compactLog } from '../../sync-server/compaction/compact.ts'
import { academy, newId, staffMember } from '../support/academy.ts'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { cuttable } from '../support/lines.ts'
import { password, startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let desks: TestDesk[] = []

beforeEach(async () => {
  server = await startSyncServer({ chunkLimit: { rows: 10, bytes: 1_000_000 } })
})
afterEach(async () => {
  for (const desk of desks) await desk.remove()
  desks = []
  await server.close()
})

const newDesk = async (options: Parameters<typeof enrollDesk>[1] = {}): Promise<TestDesk> => {
  const desk = await enrollDesk(server, options)
  desks.push(desk)
  return desk
}

const drained = async (desk: TestDesk) => until(async () => (await desk.data.status()).waiting === 0)
const addressOf = (input: Parameters<typeof fetch>[0]): string => String(input instanceof Request ? input.url : input)

describe('a renewal of the log that is cut in the middle', () => {
  test('shows no row that was deleted before it went on (F5)', async () => {
    let answers: number | undefined
    const line: typeof fetch = async (input, init) => {
      if (answers !== undefined && addressOf(input).includes('/v1/shape')) {
        answers += 1
        // The lost log, three pieces of the new one, then a final no.
        if (answers === 5)
          return Response.json({ code: 'forbidden', message: 'Not now.', details: {} }, { status: 403 })
      }
      return fetch(input, init)
    }
    const desk = await newDesk({ fetch: line })
    answers = 0
    await server.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)
    await server.sql('update families set name = name')
    await until(() => (answers ?? 0) >= 5)

    await server.sql('delete from payment_methods')
    await until(() => desk.data.appState().stage === 'ready' && desk.rows('payment_methods').length === 0)
    await drained(desk)

    expect(desk.rows('families')).toHaveLength(1)
  })
})

describe('a first load by the log that is cut in the middle', () => {
  test('goes on where it was, also behind removals that were pruned (F1, S12)', async () => {
    await server.sql('delete from payment_methods')
    await compactLog({ db: server.postgres.db, restMs: 0, supersededAfterSeconds: 0, removalsAfterSeconds: 0 })
    const offsets: (string | null)[] = []
    const line: typeof fetch = async (input, init) => {
      const { pathname, searchParams } = new URL(addressOf(input))
      if (pathname !== '/v1/shape') return fetch(input, init)
      offsets.push(searchParams.get('offset'))
      if (offsets.length !== 3) return fetch(input, init)
      return Response.json({ code: 'forbidden', message: 'Not now.', details: {} }, { status: 403 })
    }

    const desk = await newDesk({ fetch: line })

    expect(offsets.filter((offset) => offset === '-1')).toHaveLength(1)
    expect(offsets[3]).toBe(offsets[2])
    expect(desk.rows('families')).toHaveLength(1)
  })
})

describe('a queue that is larger than one request', () => {
  test('is sent in parts', async () => {
    const line = cuttable()
    const desk = await newDesk(line)
    line.cut(true)
    const note = 'ÿ'.repeat(1000)
    for (let count = 0; count < 4; count += 1) {
      await desk.command('attendance.mark', {
        session_id: server.counter.session.id,
        marks: Array.from({ length: 150 }, () => ({
          student_id: server.counter.children[0].id,
          code: 'present',
          note,
        })),
      })
    }

    line.cut(false)
    await drained(desk)

    expect(await server.sql('select count(*)::int as count from attendance_marks')).toEqual([{ count: 600 }])
  })

  test('holds no mutation that could never be sent (W6)', async () => {
    const desk = await newDesk()
    const note = '\u0001'.repeat(1000)
    const marks = Array.from({ length: 200 }, () => ({
      student_id: server.counter.children[0].id,
      code: 'present',
      note,
    }))

    const tooLarge = desk.command('attendance.mark', { session_id: server.counter.session.id, marks })

    await expect(tooLarge).rejects.toMatchObject({ code: 'too_large' })
    expect(await desk.data.status()).toMatchObject({ waiting: 0 })
  })
})

describe('a server that cannot carry out what is sent', () => {
  test('is quoted in the status', async () => {
    const desk = await newDesk()
    await server.sql(
      `create function broken() returns trigger language plpgsql as
        'begin raise exception ''no room'' using errcode = ''disk_full''; end'`,
    )
    await server.sql('create trigger broken before insert on check_ins execute function broken()')

    await desk.command('check_in.record', {
      entries: [{ student_id: server.counter.children[0].id, session_id: server.counter.session.id }],
    })

    await until(async () => (await desk.data.status()).problem?.message.includes('Try again soon') ?? false)
    expect(await desk.data.status()).toMatchObject({ waiting: 1, problem: { code: 'unavailable' } })
  })
})

describe('a fault of the server in one command', () => {
  test('is shown as refused, and holds up nothing (S6)', async () => {
    const desk = await newDesk()
    await server.sql("create function broken() returns trigger language plpgsql as 'begin raise exception ''no''; end'")
    await server.sql('create trigger broken before insert on check_ins execute function broken()')

    await desk.command('check_in.record', {
      entries: [{ student_id: server.counter.children[0].id, session_id: server.counter.session.id }],
    })

    await until(async () => (await desk.data.status()).waiting === 0)
    const { open } = await desk.query<Inbox>('inbox.list', {})
    expect(open).toMatchObject([{ outcome: 'refused', error: { code: 'unexpected' } }])
  })
})

describe('signing out', () => {
  test('holds, also when the session was being read at that moment', async () => {
    const desk = await newDesk()

    desk.data.tablesChanged(['staff'])
    desk.data.signOut()
    await delay(50)

    expect(await desk.invoke('query', { name: 'sessions.on', args: {} })).toMatchObject({
      ok: false,
      error: { code: 'signed_out' },
    })
  })
})

describe('a refusal of the server that comes late', () => {
  test('signs nobody out who came after the one whom it is about', async () => {
    const first = await newDesk()
    await addStaff('kim.ray')
    await first.call('session.sign_in', { sign_in_name: 'kim.ray', password })
    await first.stop()
    const refusal = Promise.withResolvers<undefined>()
    let asked = 0
    const line: typeof fetch = async (input, init) => {
      if (!addressOf(input).includes('/v1/sign-in')) return fetch(input, init)
      asked += 1
      if (asked > 1) throw new TypeError('cut')
      await refusal.promise
      return Response.json({ code: 'wrong_password', message: 'No.', details: {} }, { status: 403 })
    }
    const inThreeDays = Date.now() + 3 * 24 * 3600 * 1000
    const desk = openDesk({ folder: first.folder, fetch: line, now: () => inThreeDays })
    desks = [desk]
    await desk.signIn()
    await until(() => asked === 1)

    await desk.call('session.sign_out')
    await desk.call('session.sign_in', { sign_in_name: 'kim.ray', password })
    refusal.resolve(undefined)
    await delay(200)

    expect(desk.data.appState()).toMatchObject({ stage: 'ready', session: { name: 'Kim Ray' } })
  })
})

const addStaff = async (sign_in_name: string): Promise<void> => {
  const kim = staffMember({ id: newId(), first_name: 'Kim', last_name: 'Ray' })
  const [role] = server.counter.rows.role_assignments
  await server.insert('staff', kim)
  await server.insert('role_assignments', { ...role, id: newId(), staff_id: kim.id })
  await server.insert('staff_credentials', {
    id: kim.id,
    organization_id: academy.organization_id,
    sign_in_name,
    password_hash: await hashPassword(password),
  })
}

describe('the status', () => {
  test('that cannot be read is a fault and not the end of the process', async () => {
    const desk = await newDesk()
    desk.data.signedIn().store.replica.db.exec('drop table device_progress')

    desk.data.tablesChanged(['families'])
    await until(() => desk.faults.length > 0)

    expect(await desk.invoke('app.state')).toMatchObject({ ok: true })
  })
})

describe('a clock that was years ahead', () => {
  test('locks nobody out when it is right again', async () => {
    const line = cuttable()
    const first = await newDesk(line)
    line.cut(true)
    await first.stop()
    let now = Date.parse('2040-01-01T00:00:00.000Z')
    const desk = openDesk({ folder: first.folder, fetch: line.fetch, now: () => now })
    desks = [desk]
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await desk.invoke('session.sign_in', { sign_in_name: 'sam.lee', password: `wrong ${attempt}` })
    }

    now = Date.parse('2026-11-21T05:00:00.000Z')
    const early = await desk.invoke('session.sign_in', { sign_in_name: 'sam.lee', password: 'wrong' })
    now += 31_000
    await desk.signIn()

    expect(early).toMatchObject({ ok: false, error: { code: 'too_many_attempts' } })
    expect(desk.data.appState().stage).toBe('ready')
  })
})

describe('a disk that takes no note of wrong passwords', () => {
  test('lets nobody guess on, and keeps nobody out (D4, H8)', async () => {
    const line = cuttable()
    const desk = await newDesk(line)
    line.cut(true)
    await desk.call('session.sign_out')
    const tryWith = async (text: string): Promise<string> => {
      const reply = await desk.invoke('session.sign_in', { sign_in_name: 'sam.lee', password: text })
      return reply.ok ? 'ok' : reply.error.code
    }
    const first = await tryWith('wrong')
    // What is written beside device.json cannot be, as on a full disk.
    mkdirSync(path.join(desk.folder, 'device.json.new'))

    const right = await tryWith(password)
    await desk.call('session.sign_out')
    const tries = []
    for (let attempt = 0; attempt < 6; attempt += 1) tries.push(await tryWith(`wrong ${attempt}`))

    expect([first, right]).toEqual(['wrong_password', 'ok'])
    expect(tries).toEqual([...Array<string>(5).fill('wrong_password'), 'too_many_attempts'])
  })
})
