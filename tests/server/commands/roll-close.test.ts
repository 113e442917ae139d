import { describe, expect, test } from 'vitest'
import { addWalkIn } from '../../../src-shared/commands/add-walk-in.ts'
import { closeRoll } from '../../../src-shared/commands/close-roll.ts'
import { markAttendance } from '../../../src-shared/commands/mark-attendance.ts'
import { recordCheckIn } from '../../../src-shared/commands/record-check-in.ts'
import * as build from '../../support/academy.ts'
import { clickedAt, databases, hlcOf, permissionsWithout, useDatabase } from '../../support/both-databases.ts'
import { counterRows } from '../../support/counter-rows.ts'

const counter = counterRows()
const [mia] = counter.children
const { id: session_id, class_id } = counter.session
const everybody = counter.children.map(({ id }) => ({ student_id: id, code: 'present' as const, note: null }))

describe.each(databases)('roll.close on %s', (_name, open) => {
  const on = useDatabase(open, counter.rows)

  test('of a roll with every mark keeps who closed it and when', async () => {
    await on.db.run(markAttendance, { session_id, marks: everybody })

    await on.db.run(closeRoll, { session_id })

    expect(await on.db.rows('sessions')).toEqual([
      {
        ...counter.session,
        status: 'completed',
        roll_closed_at: clickedAt,
        roll_closed_by: build.academy.staff_id,
      },
    ])
  })

  test('twice is one closing: the first one stands', async () => {
    await on.db.run(markAttendance, { session_id, marks: everybody })
    await on.db.run(closeRoll, { session_id })

    await on.db.run(closeRoll, { session_id }, { at: '2026-11-21T07:00:00.000Z' })

    expect(await on.db.rows('sessions')).toMatchObject([{ roll_closed_at: clickedAt }])
  })

  test('refuses while children have no mark, and says how many', async () => {
    await on.db.run(markAttendance, { session_id, marks: everybody.slice(0, 1) })

    const run = on.db.run(closeRoll, { session_id })

    await expect(run).rejects.toMatchObject({ code: 'roll_incomplete', details: { missing: 2 } })
    expect(await on.db.rows('sessions')).toEqual([counter.session])
  })

  test('does not take a check-in for a mark', async () => {
    const entries = counter.children.map(({ id }) => ({ student_id: id, session_id }))
    await on.db.run(recordCheckIn, { entries })

    await expect(on.db.run(closeRoll, { session_id })).rejects.toMatchObject({ details: { missing: 3 } })
  })

  test('does not take a mark that was taken back for one', async () => {
    await on.db.run(markAttendance, { session_id, marks: everybody })
    await on.db.run(markAttendance, { session_id, marks: [{ student_id: mia.id, code: 'not_recorded', note: null }] })

    await expect(on.db.run(closeRoll, { session_id })).rejects.toMatchObject({ details: { missing: 1 } })
  })

  test('takes the mark that is last in causal order, whatever arrived last', async () => {
    await on.db.run(markAttendance, { session_id, marks: everybody }, { hlc: hlcOf(5) })
    const takenBack = [{ student_id: mia.id, code: 'not_recorded' as const, note: null }]
    await on.db.run(markAttendance, { session_id, marks: takenBack }, { hlc: hlcOf(2) })

    await on.db.run(closeRoll, { session_id })

    expect(await on.db.rows('sessions')).toMatchObject([{ status: 'completed' }])
  })

  test('does not wait for a child whose place was cancelled', async () => {
    const ada = build.student()
    const place = build.booking({ session_id, student_id: ada.id, cancelled_at: clickedAt })
    await on.db.seed({ students: [ada], bookings: [place] })
    await on.db.run(markAttendance, { session_id, marks: everybody })

    await on.db.run(closeRoll, { session_id })

    expect(await on.db.rows('sessions')).toMatchObject([{ status: 'completed' }])
  })

  test('leaves the instructor’s mark beside a later correction of the office', async () => {
    await on.db.run(markAttendance, { session_id, marks: everybody })
    await on.db.run(closeRoll, { session_id })

    await on.db.run(markAttendance, { session_id, marks: [{ student_id: mia.id, code: 'absent', note: null }] })

    const marks = (await on.db.rows('attendance_marks')).filter((mark) => mark.student_id === mia.id)
    expect(marks.map(({ code, source }) => [code, source])).toEqual([
      ['present', 'instructor'],
      ['absent', 'office'],
    ])
  })

  test('ends walk-ins of the instructor', async () => {
    const ada = build.student()
    await on.db.seed({ students: [ada], family_students: [build.childOf(counter.family, ada)] })
    await on.db.run(markAttendance, { session_id, marks: everybody })
    await on.db.run(closeRoll, { session_id })
    const permissions = permissionsWithout('attendance.correct')

    const run = on.db.run(addWalkIn, { session_id, student_id: ada.id }, { permissions })

    await expect(run).rejects.toMatchObject({ code: 'roll_closed' })
  })

  test('refuses a session that was cancelled', async () => {
    const session = build.session({ class_id, status: 'cancelled' })
    await on.db.seed({ sessions: [session] })

    await expect(on.db.run(closeRoll, { session_id: session.id })).rejects.toMatchObject({ code: 'session_cancelled' })
  })

  test('refuses a session that is not there', async () => {
    await expect(on.db.run(closeRoll, { session_id: build.newId() })).rejects.toMatchObject({ code: 'not_found' })
  })

  test('refuses whose role does not mark', async () => {
    const permissions = permissionsWithout('attendance.record')

    const run = on.db.run(closeRoll, { session_id }, { permissions })

    await expect(run).rejects.toMatchObject({ code: 'forbidden' })
  })
})
