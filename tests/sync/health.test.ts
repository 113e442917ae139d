import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { HealthStatus, SyncStatus } from '../../src-shared/contract/ipc.ts'
import type { SearchResult } from '../../src-shared/queries/search.ts'
import { syncedTables, type SyncedTableName } from '../../src-shared/schema/tables.ts'
import { compactLog } from '../../sync-server/compaction/compact.ts'
import * as build from '../support/academy.ts'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let desks: TestDesk[] = []

/** One for all: each test brings a desk of its own. */
beforeAll(async () => {
  server = await startSyncServer()
})
afterEach(async () => {
  for (const desk of desks) await desk.remove()
  desks = []
})
afterAll(() => server.close())

type Line = (path: string, request: () => Promise<Response>) => Promise<Response>

const newDesk = async (line: Line = (_path, request) => request()): Promise<TestDesk> => {
  const through: typeof fetch = (input, init) =>
    line(new URL(input instanceof Request ? input.url : input).pathname, () => fetch(input, init))
  const desk = await enrollDesk(server, { fetch: through })
  desks.push(desk)
  return desk
}

/** A change that can be made again and again. */
const mark = (desk: TestDesk, child: 0 | 1 | 2) => {
  const { session, children } = server.counter
  const marks = [{ student_id: children[child].id, code: 'late', note: null }]
  return desk.command('attendance.mark', { session_id: session.id, marks })
}
const marksOnServer = async (): Promise<number> =>
  Number((await server.sql<{ count: string }>('select count(*) from attendance_marks'))[0]?.count)

/** Whatever a counter sends, sensible or not. */
const commandIn = () => {
  const { session, children, family, cash, invoices } = server.counter
  const child = fc.constantFrom(...children).map(({ id }) => id)
  const place = child.map((student_id) => ({ student_id, session_id: session.id }))
  const note = fc.option(fc.string({ unit: 'grapheme', maxLength: 30 }))
  const amount = fc.integer({ min: 1, max: 20_000 })
  return fc.oneof(
    place.map((entry) => ({ name: 'check_in.record', args: { entries: [entry] } })),
    place.map((entry) => ({ name: 'check_out.record', args: { entries: [entry], guardian_id: null } })),
    fc.record({ student_id: child, code: fc.constantFrom('present', 'late', 'absent'), note }).map((marked) => ({
      name: 'attendance.mark',
      args: { session_id: session.id, marks: [marked] },
    })),
    fc.record({ amount, part: fc.integer({ min: 0, max: 20_000 }) }).map(({ amount: paid, part }) => ({
      name: 'payment.take',
      args: {
        family_id: family.id,
        method_id: cash.id,
        amount: paid,
        tendered: paid,
        reference: null,
        allocations: part === 0 ? [] : [{ invoice_id: invoices[0].id, amount: part, already_paid: 0 }],
      },
    })),
  )
}

const statusOf = async (desk: TestDesk): Promise<SyncStatus> => desk.data.status()
const health = async (desk: TestDesk): Promise<HealthStatus> => (await statusOf(desk)).health
const drained = (desk: TestDesk) =>
  until(async () => {
    const { waiting, online } = await statusOf(desk)
    return waiting === 0 && online
  })
const untilHealth = (desk: TestDesk, isSo: (status: HealthStatus) => boolean) =>
  until(async () => isSo(await health(desk)))

/** Asks for a comparison and waits for all that follows from it. */
const compare = async (desk: TestDesk): Promise<HealthStatus> => {
  await drained(desk)
  const before = (await health(desk)).compared_at
  await desk.call('sync.compare')
  await untilHealth(desk, ({ activity, compared_at }) => activity === 'none' && compared_at !== before)
  return health(desk)
}

/** Changes what is stored on the computer, past everything that Foyer does. */
const tamper = (desk: TestDesk, sql: string, ...values: readonly unknown[]): number =>
  desk.data
    .signedIn()
    .store.replica.db.prepare(sql)
    .run(...values).changes

const firstId = (desk: TestDesk, table: string): string => String(desk.rows(table)[0]?.['id'])

const flipByte = (file: string, at: number): void => {
  const handle = openSync(file, 'r+')
  writeSync(handle, Buffer.from([(readFileSync(file)[at] ?? 0) ^ 0xff]), 0, 1, at)
  closeSync(handle)
}

/** A text that nothing depends on: what a wrong number of its own mutations does has tests of its own. */
const harmless = (table: SyncedTableName): string => {
  const columns = Object.entries<{ readonly sqlite: string }>(syncedTables[table].columns)
  return columns.findLast(([name, { sqlite }]) => name !== 'id' && sqlite === 'TEXT')?.[0] ?? 'id'
}

const mendedTables = (status: HealthStatus) => status.mended[0]?.tables.map(({ table, rows }) => [table, rows])

describe('a desk that compares itself with the server', () => {
  test('finds nothing after local and other work, also on another desk (I4)', async () => {
    const [one, two] = [await newDesk(), await newDesk()]
    await mark(one, 0)
    await mark(two, 1)
    await Promise.all([drained(one), drained(two)])

    const results = [await compare(one), await compare(two)]

    for (const result of results) {
      expect(result).toMatchObject({ different: [], skipped: 0, mended: [], problem: null })
      expect(result.compared_up_to).not.toBeNull()
    }
  })

  test('finds nothing after any run of commands on two desks, accepted or refused (I4)', async () => {
    const twoDesks = [await newDesk(), await newDesk()] as const

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...twoDesks), commandIn()), { maxLength: 12 }),
        async (run) => {
          for (const [desk, { name, args }] of run) await desk.invoke('command', { name, args })

          for (const desk of twoDesks) expect(await compare(desk)).toMatchObject({ different: [], mended: [] })
        },
      ),
      { numRuns: 4 },
    )
  })

  test('names and mends what is wrong in any table, be it one letter of one row (D7)', async () => {
    const desk = await newDesk()
    await mark(desk, 0)
    await drained(desk)
    const filled = (Object.keys(syncedTables) as SyncedTableName[]).filter((table) => desk.rows(table).length > 0)
    const before = Object.fromEntries(filled.map((table) => [table, desk.rows(table)]))

    const found: unknown[] = []
    for (const table of filled) {
      tamper(desk, `update "${table}" set "${harmless(table)}" = '~' where id = ?`, firstId(desk, table))
      found.push(mendedTables(await compare(desk)))
    }

    expect(found).toEqual(filled.map((table) => [[table, 1]]))
    expect(Object.fromEntries(filled.map((table) => [table, desk.rows(table)]))).toEqual(before)
    expect(desk.faults).toEqual([])
  })

  test('mends rows that are missing, too many, under another id, under one that is none, or mixed up', async () => {
    const desk = await newDesk()
    const rows = () => ['students', 'guardians', 'spaces'].map((table) => desk.rows(table))
    const before = rows()
    const wrongs = [
      'delete from guardians',
      "insert into spaces values ('00000000-0000-4000-8000-0000000000ff', 'x', 'y', 'pool', 1)",
      "update students set id = 'ffffffff' || substr(id, 9)",
      "update students set id = 'x' || id",
      'update students set first_name = (select max(first_name) from students s where s.id <> students.id)',
    ]

    for (const wrong of wrongs) {
      expect(tamper(desk, wrong)).toBeGreaterThan(0)
      expect((await compare(desk)).different).toEqual([])
      expect(rows()).toEqual(before)
    }
    expect((await health(desk)).mended.map(({ everything }) => everything)).toEqual(wrongs.map(() => false))
  })

  test('finds a family by the right name again, and no more by the wrong one', async () => {
    const desk = await newDesk()
    tamper(desk, "update families set name = 'Zebulon'")
    const search = async (text: string) =>
      (await desk.query<SearchResult>('counter.search', { text, now: new Date().toISOString() })).families.length

    await compare(desk)

    expect([await search('zebulon'), await search(server.counter.family.name)]).toEqual([0, 1])
  })
})

describe('while something is unsent', () => {
  test('nothing is compared; what a person asked for follows as soon as all is sent', async () => {
    let isCut = false
    const asked: string[] = []
    const desk = await newDesk(async (path, request) => {
      asked.push(path)
      if (isCut && path === '/v1/mutations') throw new Error('cut')
      return request()
    })
    await drained(desk)
    isCut = true
    await mark(desk, 0)

    await desk.call('sync.compare')
    await untilHealth(desk, ({ activity }) => activity === 'wanted')
    const before = asked.filter((path) => path === '/v1/digests').length
    isCut = false
    await untilHealth(desk, ({ activity, compared_at }) => activity === 'none' && compared_at !== null)

    expect(before).toBe(0)
    expect(await health(desk)).toMatchObject({ different: [], mended: [] })
  })

  test('mending leaves it alone: it stays visible, is run again, and is sent (I3, I5)', async () => {
    let isCut = false
    let work: (() => Promise<unknown>) | undefined
    const desk = await newDesk(async (path, request) => {
      if (isCut && path === '/v1/mutations') throw new Error('cut')
      // Somebody goes on working between finding out and mending.
      const now = path === '/v1/rows' ? work : undefined
      if (now) {
        work = undefined
        await now()
      }
      return request()
    })
    await drained(desk)
    const session = server.counter.session.id
    tamper(desk, 'update sessions set capacity = 77 where id = ?', session)
    const before = await marksOnServer()
    const shown: number[] = []
    work = async () => {
      isCut = true
      await mark(desk, 0)
      shown.push(desk.rows('attendance_marks').length)
      work = undefined
    }

    await desk.call('sync.compare')
    await untilHealth(desk, ({ mended }) => mended.length > 0)
    shown.push(desk.rows('attendance_marks').length)
    const { waiting } = await statusOf(desk)
    isCut = false
    await drained(desk)
    const after = await compare(desk)

    expect(shown).toEqual([before + 1, before + 1])
    expect(waiting).toBe(1)
    expect(mendedTables(after)).toEqual([['sessions', 1]])
    expect(after.different).toEqual([])
    expect(await marksOnServer()).toBe(before + 1)
  })

  test('also when what is wrong is the very row that it changes (I5)', async () => {
    let isCut = false
    const { session, children } = server.counter
    const marks = children.map(({ id }) => ({ student_id: id, code: 'present', note: null }))
    const desk = await newDesk(async (path, request) => {
      if (isCut && path === '/v1/mutations') throw new Error('cut')
      if (path === '/v1/rows' && !isCut) {
        isCut = true
        await desk.command('attendance.mark', { session_id: session.id, marks })
        await desk.command('roll.close', { session_id: session.id })
      }
      return request()
    })
    await drained(desk)
    tamper(desk, "update sessions set starts_at = '03:00' where id = ?", session.id)

    await desk.call('sync.compare')
    await untilHealth(desk, ({ mended }) => mended.length > 0)
    const shown = desk.rows('sessions').find(({ id }) => id === session.id)
    const doubts = (await desk.call('sync.waiting')).filter(({ local_error }) => local_error !== null)
    isCut = false
    await drained(desk)

    expect(shown).toMatchObject({ starts_at: session.starts_at, roll_closed_at: expect.any(String) as unknown })
    expect(doubts).toEqual([])
    expect((await compare(desk)).different).toEqual([])
  })
})

test('a desk that takes for unsent what was decided long ago finds out why, and is at rest again (I8)', async () => {
  let ahead = 0
  const desk = await enrollDesk(server, { now: () => Date.now() + ahead })
  desks.push(desk)
  await mark(desk, 0)
  await drained(desk)
  const { device_id } = desk.data.signedIn().device.profile()
  tamper(desk, 'update device_progress set last_seq = last_seq - 1 where id = ?', device_id)

  await desk.call('sync.compare')
  await untilHealth(desk, ({ activity }) => activity === 'wanted')
  const { waiting } = await statusOf(desk)
  ahead = 11 * 60_000
  await drained(desk)

  expect(waiting).toBe(1)
  await untilHealth(desk, ({ activity }) => activity === 'none')
  expect(mendedTables(await health(desk))).toEqual([['device_progress', 1]])
})

test('a row that the server changes while it is being mended ends as the server has it', async () => {
  let fetches = 0
  const { session } = server.counter
  const desk = await newDesk(async (path, request) => {
    const answer = await request()
    if (path !== '/v1/rows') return answer
    fetches += 1
    // The second one has the row itself, which is not the newest any more when it arrives.
    if (fetches === 2) {
      await server.sql(`update sessions set capacity = 13 where id = '${session.id}'`)
      await until(() => desk.rows('sessions').some(({ capacity }) => capacity === 13))
    }
    return answer
  })
  await drained(desk)
  tamper(desk, 'update sessions set capacity = 77 where id = ?', session.id)

  const status = await compare(desk)

  expect(desk.rows('sessions').find(({ id }) => id === session.id)).toMatchObject({ capacity: 13 })
  expect(status.mended.filter(({ everything }) => everything)).toEqual([])
})

describe('when rows cannot be mended one by one', () => {
  test('everything is fetched again; the old rows stay shown meanwhile, and unsent work too', async () => {
    let isCut = false
    const desk = await newDesk(async (path, request) => {
      if (isCut && path === '/v1/mutations') throw new Error('cut')
      return request()
    })
    await server.sql(
      `insert into spaces select gen_random_uuid(), facility_id, 'Lane ' || n, 'lane', n
       from (select id as facility_id from facilities limit 1) as one, generate_series(1, 1100) as n`,
    )
    await until(() => desk.rows('spaces').length >= 1100)
    tamper(desk, 'update spaces set capacity = -1')
    const pushed = desk.pushes.length

    const status = await compare(desk)

    expect(status).toMatchObject({ different: [], mended: [{ everything: true }] })
    expect(desk.rows('spaces').filter(({ capacity }) => capacity === -1)).toEqual([])
    const stages = desk.pushes.slice(pushed).flatMap((push) => (push.push === 'app-state' ? [push.data.stage] : []))
    expect(new Set(stages)).toEqual(new Set(['ready']))
    isCut = true
  })
})

test('a page that cannot be read is found, and everything is fetched again (D7)', async () => {
  const desk = await newDesk()
  const { db, file } = desk.data.signedIn().store.replica
  const before = desk.rows('students')
  const page = Number(db.prepare("select rootpage from sqlite_schema where name = 'students'").pluck().get())
  db.pragma('wal_checkpoint(TRUNCATE)')
  flipByte(file, (page - 1) * Number(db.pragma('page_size', { simple: true })) + 200)

  const status = await compare(desk)

  expect(status).toMatchObject({ different: [], mended: [{ everything: true }] })
  expect(desk.rows('students')).toEqual(before)
})

describe('the server', () => {
  test('that has compacted its log, or never counted, says the same (SPEC H8)', async () => {
    const desk = await newDesk()
    await compare(desk)
    await server.sql(
      'update sessions set capacity = 9; update sessions set capacity = 10; delete from spaces where id in (select id from spaces limit 5)',
    )
    await server.sql("update sync_log set at = at - interval '61 days'")
    await compactLog({ db: server.postgres.db, restMs: 0 })
    await mark(desk, 0)
    await drained(desk)

    expect((await compare(desk)).different).toEqual([])
    await server.sql('delete from facility_digests')
    expect((await compare(desk)).different).toEqual([])
  })

  test('of another history is not compared with: the replica is fetched again first (S5)', async () => {
    const desk = await newDesk()
    await compare(desk)
    await server.sql('update server_epoch set epoch = gen_random_uuid()')

    const status = await compare(desk)

    expect(status).toMatchObject({ different: [], problem: null })
  })

  test('hears how much is waiting on a desk, and how far behind it is', async () => {
    const desk = await newDesk()
    await mark(desk, 0)
    await drained(desk)
    const device = desk.data.signedIn().device.profile().device_id
    const line = async (name: string) => {
      const text = await (await fetch(`${server.url()}/metrics`)).text()
      return text.split('\n').find((each) => each.startsWith(`${name}{device="${device}"}`))
    }

    await until(async () => (await line('foyer_device_waiting'))?.endsWith(' 0') ?? false)

    expect(await line('foyer_device_behind_entries')).toMatch(/ 0$/)
    expect(await line('foyer_device_behind_seconds')).toMatch(/ 0$/)
  })
})

test('what was found and mended is remembered after a restart', async () => {
  const desk = await newDesk()
  tamper(desk, "update families set name = 'Wrong'")
  const before = await compare(desk)
  await desk.stop()

  const again = openDesk({ folder: desk.folder })
  desks = [again]
  await again.signIn()

  expect(await health(again)).toMatchObject({ compared_at: before.compared_at, mended: before.mended })
})

test('a facility that is busy with others is compared all the same', async () => {
  const desk = await newDesk()
  let ended = false
  const isOver = (): boolean => ended
  const busy = (async () => {
    do await server.insert('spaces', build.space({ facility_id: build.academy.facility_id }))
    while (!isOver())
  })()

  const status = await compare(desk).finally(() => (ended = true))
  await busy

  expect(status.different).toEqual([])
})
