import { describe, expect, test } from 'vitest'
import { addWalkIn } from '../../../src-shared/commands/add-walk-in.ts'
import { recordCheckIn } from '../../../src-shared/commands/record-check-in.ts'
import * as build from '../../support/academy.ts'
import {
  clickedAt,
  databases,
  hlcOf,
  newMutationId,
  permissionsWithout,
  rowId,
  useDatabase,
} from '../../support/both-databases.ts'
import { counterRows } from '../../support/counter-rows.ts'

const counter = counterRows()
const [mia] = counter.children
const { id: session_id, class_id } = counter.session
const { facility_id, staff_id, device_id } = build.academy
const ada = build.student({ first_name: 'Ada' })
const closed = build.session({ class_id, roll_closed_at: clickedAt, roll_closed_by: staff_id })
const rows = {
  ...counter.rows,
  sessions: [counter.session, closed],
  students: [...counter.children, ada],
  family_students: [...counter.rows.family_students, build.childOf(counter.family, ada)],
}

describe.each(databases)('attendance.walk_in on %s', (_name, open) => {
  const on = useDatabase(open, rows)

  const placesOf = async (studentId: string) =>
    (await on.db.rows('bookings')).filter((booking) => booking.student_id === studentId)

  test('gives a place without an enrollment and marks the child present', async () => {
    const mutationId = newMutationId()

    const merged = await on.db.run(addWalkIn, { session_id, student_id: ada.id }, { mutationId, hlc: hlcOf(1) })

    expect(merged).toBeUndefined()
    expect(await placesOf(ada.id)).toEqual([
      {
        id: rowId(mutationId, 1),
        facility_id,
        session_id,
        student_id: ada.id,
        enrollment_id: null,
        kind: 'walk_in',
        cancelled_at: null,
      },
    ])
    expect(await on.db.rows('attendance_marks')).toEqual([
      {
        id: rowId(mutationId, 2),
        facility_id,
        session_id,
        student_id: ada.id,
        code: 'present',
        note: null,
        source: 'instructor',
        at: clickedAt,
        hlc: hlcOf(1),
        staff_id,
        device_id,
      },
    ])
  })

  test('lets the child be checked in', async () => {
    await on.db.run(addWalkIn, { session_id, student_id: ada.id })

    await on.db.run(recordCheckIn, { entries: [{ student_id: ada.id, session_id }] })

    expect(await on.db.rows('check_ins')).toHaveLength(1)
  })

  test('twice gives one place, and says so', async () => {
    await on.db.run(addWalkIn, { session_id, student_id: ada.id })

    const second = await on.db.run(addWalkIn, { session_id, student_id: ada.id })

    expect(second).toMatchObject({ code: 'already_booked' })
    expect(await placesOf(ada.id)).toHaveLength(1)
    expect(await on.db.rows('attendance_marks')).toHaveLength(2)
  })

  test('of a child with a place marks it present, and gives no second place', async () => {
    const merged = await on.db.run(addWalkIn, { session_id, student_id: mia.id })

    expect(merged).toMatchObject({ code: 'already_booked' })
    expect(await placesOf(mia.id)).toMatchObject([{ kind: 'regular' }])
    expect(await on.db.rows('attendance_marks')).toMatchObject([{ student_id: mia.id, code: 'present' }])
  })

  test('gives a new place to a child whose place was cancelled', async () => {
    const cancelled = build.booking({ session_id, student_id: ada.id, cancelled_at: clickedAt })
    await on.db.seed({ bookings: [cancelled] })

    await on.db.run(addWalkIn, { session_id, student_id: ada.id })

    const places = await placesOf(ada.id)
    expect(places).toHaveLength(2)
    expect(places).toContainEqual(cancelled)
    expect(places).toContainEqual(expect.objectContaining({ kind: 'walk_in', cancelled_at: null }))
  })

  test('in a closed roll is added by the office', async () => {
    await on.db.run(addWalkIn, { session_id: closed.id, student_id: ada.id })

    expect(await on.db.rows('attendance_marks')).toMatchObject([{ session_id: closed.id, source: 'office' }])
  })

  test('refuses a closed roll to whom may not correct', async () => {
    const permissions = permissionsWithout('attendance.correct')

    const run = on.db.run(addWalkIn, { session_id: closed.id, student_id: ada.id }, { permissions })

    await expect(run).rejects.toMatchObject({ code: 'roll_closed' })
    expect(await placesOf(ada.id)).toEqual([])
  })

  test('refuses a student whose families are linked to other facilities only', async () => {
    const elsewhere = build.facility({ id: build.newId(), code: 'GEE' })
    const [stranger, una] = [build.family(), build.student()]
    await on.db.seed({
      facilities: [elsewhere],
      families: [stranger],
      family_facilities: [{ id: build.newId(), family_id: stranger.id, facility_id: elsewhere.id }],
      students: [una],
      family_students: [build.childOf(stranger, una)],
    })

    const run = on.db.run(addWalkIn, { session_id, student_id: una.id })

    await expect(run).rejects.toMatchObject({ code: 'not_found', details: { student_id: una.id } })
    expect(await on.db.rows('attendance_marks')).toEqual([])
  })

  test('refuses a session that was cancelled', async () => {
    const session = build.session({ class_id, status: 'cancelled' })
    await on.db.seed({ sessions: [session] })

    const run = on.db.run(addWalkIn, { session_id: session.id, student_id: ada.id })

    await expect(run).rejects.toMatchObject({ code: 'session_cancelled' })
  })

  test('refuses whose role does not mark', async () => {
    const permissions = permissionsWithout('attendance.record')

    const run = on.db.run(addWalkIn, { session_id, student_id: ada.id }, { permissions })

    await expect(run).rejects.toMatchObject({ code: 'forbidden' })
  })
})
