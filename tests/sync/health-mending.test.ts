import { describe, expect, test } from 'vitest'
import { flipByte } from '../faults/support/damage.ts'
import {
  compare,
  comparedDesks,
  drained,
  healthOf,
  mendedTables,
  statusOf,
  tamper,
  untilHealth,
} from '../support/compared-desks.ts'
import { until } from '../support/until.ts'

const { server, newDesk, deskWith, mark } = comparedDesks()

const marksOnServer = async (): Promise<number> =>
  Number((await server().sql<{ count: string }>('select count(*) from attendance_marks'))[0]?.count)

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
    expect(await healthOf(desk)).toMatchObject({ different: [], mended: [] })
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
    const session = server().counter.session.id
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
    const { session, children } = server().counter
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
  const desk = await deskWith({ now: () => Date.now() + ahead })
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
  expect(mendedTables(await healthOf(desk))).toEqual([['device_progress', 1]])
})

test('a row that the server changes while it is being mended ends as the server has it', async () => {
  let fetches = 0
  const { session } = server().counter
  const desk = await newDesk(async (path, request) => {
    const answer = await request()
    if (path !== '/v1/rows') return answer
    fetches += 1
    // The second one has the row itself, which is not the newest any more when it arrives.
    if (fetches === 2) {
      await server().sql(`update sessions set capacity = 13 where id = '${session.id}'`)
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
    await server().sql(
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
