import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Permission } from '../../src-shared/permissions.ts'
import { permissions } from '../../src-shared/permissions.ts'
import { namesOf } from '../../src-shared/queries/names.ts'
import { classRoll, healthOf, marksOf, placesOf } from '../../src-shared/queries/roll.ts'
import { bookingsOn, sessionsOn, todaysSessions } from '../../src-shared/queries/sessions.ts'
import type { Database } from '../../src-shared/schema/tables.ts'
import * as build from '../support/academy.ts'
import { type MemoryReplica, openMemoryReplica } from '../support/replica-memory.ts'

/** 16:25 on 21 November 2026 in Melbourne. */
const now = '2026-11-21T05:25:00.000Z'
const without = (left: Permission) => build.contextWith(new Set(permissions.filter((one) => one !== left)))

const mark = (
  over: Partial<Database['attendance_marks']> & { readonly session_id: string; readonly student_id: string },
): Database['attendance_marks'] => ({
  id: build.newId(),
  facility_id: build.academy.facility_id,
  code: 'present',
  note: null,
  source: 'instructor',
  at: '2026-11-21T05:31:00.000Z',
  hlc: '000000000001-0000-00000001',
  staff_id: build.academy.staff_id,
  device_id: build.academy.device_id,
  ...over,
})

let replica: MemoryReplica
const dolphins = build.cohort({ name: 'Dolphins 2' })
const colleague = build.staffMember({ id: build.newId(), first_name: 'Priya', last_name: 'Raman' })

beforeEach(() => {
  replica = openMemoryReplica()
  replica.insert('facilities', build.facility())
  replica.insert('programs', build.program())
  replica.insert('staff', build.staffMember(), colleague)
  replica.insert('classes', dolphins)
})
afterEach(() => replica.close())

const sessionAt = (starts_at: string, ends_at: string, over: Partial<Database['sessions']> = {}) => {
  const session = build.session({ class_id: dolphins.id, starts_at, ends_at, ...over })
  replica.insert('sessions', session)
  return session
}

const placeIn = (session: { readonly id: string }, over: Partial<Database['students']> = {}) => {
  const student = build.student(over)
  replica.insert('students', student)
  replica.insert('bookings', build.booking({ session_id: session.id, student_id: student.id }))
  return student
}

const today = async () => (await todaysSessions.run(replica.db, { now }, build.contextWith())).sessions
const rollOf = (session: { readonly id: string }, context = build.contextWith()) =>
  classRoll.run(replica.db, { session_id: session.id, now }, context)

describe('classes.today', () => {
  test('shows the sessions of the date at the facility, in order of their start', async () => {
    const late = sessionAt('16:30', '17:00')
    const early = sessionAt('09:00', '09:30')
    sessionAt('16:30', '17:00', { date: '2026-11-20' })
    sessionAt('16:30', '17:00', { date: '2026-11-22' })

    const sessions = await today()

    expect(sessions.map((session) => session.id)).toEqual([early.id, late.id])
  })

  test('counts as now what begins within a quarter of an hour, until it ends', async () => {
    sessionAt('15:55', '16:25')
    sessionAt('16:00', '16:26')
    sessionAt('16:40', '17:00')
    sessionAt('16:41', '17:00')

    const phases = (await today()).map((session) => session.phase)

    expect(phases).toEqual(['past', 'now', 'now', 'later'])
  })

  test('counts places, check-ins and marks as three facts', async () => {
    const session = sessionAt('16:30', '17:00')
    const [mia, leo, ida] = [placeIn(session), placeIn(session), placeIn(session)]
    const came = build.checkIn({ session_id: session.id, student_id: mia.id })
    const undone = build.checkIn({ session_id: session.id, student_id: leo.id })
    replica.insert('check_ins', came, undone)
    replica.insert(
      'check_ins',
      build.checkIn({ session_id: session.id, student_id: leo.id, kind: 'undo', undoes_id: undone.id }),
    )
    replica.insert('attendance_marks', mark({ session_id: session.id, student_id: ida.id, code: 'absent' }))

    const [found] = await today()

    expect(found).toMatchObject({ booked: 3, checked_in: 1, marked: 1 })
  })

  test('counts neither a cancelled booking nor a mark that was taken back', async () => {
    const session = sessionAt('16:30', '17:00')
    const mia = placeIn(session)
    const gone = build.student()
    replica.insert('students', gone)
    replica.insert('bookings', build.booking({ session_id: session.id, student_id: gone.id, cancelled_at: now }))
    replica.insert('attendance_marks', mark({ session_id: session.id, student_id: mia.id }))
    replica.insert(
      'attendance_marks',
      mark({ session_id: session.id, student_id: mia.id, code: 'not_recorded', hlc: '000000000002-0000-00000001' }),
    )

    const [found] = await today()

    expect(found).toMatchObject({ booked: 1, marked: 0 })
  })

  test('shows a session that was moved like a cancelled one', async () => {
    const moved = sessionAt('16:30', '17:00', { status: 'rescheduled' })
    sessionAt('17:00', '17:30')

    const sessions = await today()

    expect(sessions.map((session) => session.is_cancelled)).toEqual([true, false])
    expect((await rollOf(moved)).session.is_cancelled).toBe(true)
  })

  test('says which sessions are taught by who is asking', async () => {
    sessionAt('16:00', '16:30', { instructor_id: build.academy.staff_id })
    sessionAt('16:30', '17:00', { instructor_id: colleague.id })

    const sessions = await today()

    expect(sessions.map(({ is_mine, instructor_name }) => [is_mine, instructor_name])).toEqual([
      [true, 'Sam Lee'],
      [false, 'Priya Raman'],
    ])
  })

  test('finds the sessions and bookings of a day by their indexes', () => {
    const facilityId = build.academy.facility_id

    const plans = [sessionsOn(replica.db, facilityId, '2026-11-21'), bookingsOn(replica.db, '2026-11-21')].map(
      (query) => planOf(query.compile()),
    )

    expect(plans[0]).toContain('sessions_by_date')
    expect(plans[1]).toContain('sessions_by_date')
    expect(plans[1]).toContain('bookings_by_session_id')
  })
})

describe('classes.roll', () => {
  test('lists everybody with a place, by the name they are called by', async () => {
    const session = sessionAt('16:30', '17:00')
    placeIn(session, { first_name: 'Zoe' })
    placeIn(session, { first_name: 'Wilhelmina', preferred_name: 'Billie' })
    placeIn(session, { first_name: 'Ava' })

    const { rows } = await rollOf(session)

    expect(rows.map((row) => row.preferred_name ?? row.first_name)).toEqual(['Ava', 'Billie', 'Zoe'])
  })

  test('leaves a child without a mark not recorded, also when it is checked in', async () => {
    const session = sessionAt('16:30', '17:00')
    const mia = placeIn(session)
    replica.insert(
      'check_ins',
      build.checkIn({ session_id: session.id, student_id: mia.id, at: '2026-11-21T05:21:00.000Z' }),
    )

    const roll = await rollOf(session)

    expect(roll.rows[0]).toMatchObject({ code: 'not_recorded', checked_in_at: '2026-11-21T05:21:00.000Z' })
    expect(roll.not_recorded).toBe(1)
  })

  test('keeps both marks of two teachers and lets the later one in causal order count', async () => {
    const session = sessionAt('16:30', '17:00')
    const mia = placeIn(session)
    const place = { session_id: session.id, student_id: mia.id }
    replica.insert(
      'attendance_marks',
      mark({ ...place, code: 'present', hlc: '000000000002-0000-00000001', staff_id: colleague.id }),
      // Its device clock was fast: the instant is later, the order is not.
      mark({ ...place, code: 'absent', hlc: '000000000001-0000-00000001', at: '2026-11-21T09:00:00.000Z' }),
    )

    const { rows } = await rollOf(session)

    expect(rows[0]?.code).toBe('present')
    expect(rows[0]?.marks.map(({ code, by }) => [code, by])).toEqual([
      ['absent', 'Sam Lee'],
      ['present', 'Priya Raman'],
    ])
  })

  test('shows a child once that two devices have both added', async () => {
    const session = sessionAt('16:30', '17:00')
    const mia = placeIn(session)
    replica.insert('bookings', build.booking({ session_id: session.id, student_id: mia.id, kind: 'walk_in' }))

    const { rows } = await rollOf(session)

    expect(rows).toHaveLength(1)
  })

  test('counts the age on the day of the session', async () => {
    const session = sessionAt('16:30', '17:00')
    placeIn(session, { birth_date: '2019-11-22' })

    const { rows } = await rollOf(session)

    expect(rows[0]?.age).toBe(6)
  })

  test('gives medical facts, the gravest first, only to who may read them', async () => {
    const session = sessionAt('16:30', '17:00')
    const mia = placeIn(session)
    const item = (severity: Database['health_items']['severity'], name: string): Database['health_items'] => ({
      id: build.newId(),
      student_id: mia.id,
      kind: 'allergy',
      severity,
      name,
      action: null,
    })
    replica.insert('health_items', item('info', 'Pollen'), item('life_threatening', 'Peanuts'))

    const allowed = await rollOf(session)
    const refused = await rollOf(session, without('medical.read'))

    expect(allowed.rows[0]?.health?.map(({ name }) => name)).toEqual(['Peanuts', 'Pollen'])
    expect(refused.rows[0]?.health).toBeNull()
    expect(JSON.stringify(refused)).not.toContain('Peanuts')
  })

  test('refuses a session that is not there', async () => {
    await expect(rollOf({ id: build.newId() })).rejects.toMatchObject({ code: 'not_found' })
  })

  test('reads places, marks and medical facts of one session by their indexes', () => {
    const plans = [placesOf, marksOf, healthOf].map((query) => planOf(query(replica.db, build.newId()).compile()))

    expect(plans[0]).toContain('bookings_by_session_id')
    expect(plans[1]).toContain('attendance_marks_by_session_id')
    expect(plans[2]).toContain('bookings_by_session_id')
    expect(plans[2]).toContain('health_items_by_student_id')
    expect(plans.join('\n')).not.toMatch(/SCAN/)
  })
})

describe('names.of', () => {
  test('names students, sessions, families, staff and check-ins alike, and leaves out what it does not know', async () => {
    const session = sessionAt('16:30', '17:00')
    const mia = placeIn(session, { first_name: 'Mia', last_name: 'Berg' })
    const family = build.family({ name: 'Berg' })
    const event = build.checkIn({ session_id: session.id, student_id: mia.id })
    replica.insert('families', family)
    replica.insert('check_ins', event)
    const unknown = build.newId()

    const names = await namesOf.run(
      replica.db,
      { ids: [session.id, mia.id, family.id, colleague.id, event.id, unknown] },
      build.contextWith(),
    )

    expect(names).toEqual({
      [session.id]: 'Dolphins 2 16:30',
      [mia.id]: 'Mia Berg',
      [family.id]: 'Berg',
      [colleague.id]: 'Priya Raman',
      [event.id]: 'Mia Berg',
    })
  })
})

const planOf = (query: { readonly sql: string; readonly parameters: readonly unknown[] }): string =>
  replica.sqlite
    .prepare(`explain query plan ${query.sql}`)
    .all(...query.parameters)
    // The border: SQLite names the column `detail`.
    .map((row) => (row as { readonly detail: string }).detail)
    .join('\n')
