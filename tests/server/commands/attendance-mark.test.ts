import { describe, expect, test } from 'vitest'
import { markAttendance } from '../../../src-shared/commands/mark-attendance.ts'
import { effectiveMark } from '../../../src-shared/rules/attendance.ts'
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
const [mia, leo] = counter.children
const { id: session_id, class_id } = counter.session
const closed = build.session({ class_id, roll_closed_at: clickedAt, roll_closed_by: build.academy.staff_id })
const rows = {
  ...counter.rows,
  sessions: [counter.session, closed],
  bookings: [...counter.rows.bookings, build.booking({ session_id: closed.id, student_id: mia.id })],
}
const marked = (code: 'present' | 'absent' | 'late' | 'not_recorded', child = mia, note: string | null = null) => ({
  student_id: child.id,
  code,
  note,
})

describe.each(databases)('attendance.mark on %s', (_name, open) => {
  const on = useDatabase(open, rows)

  test('adds one mark for each child, as the instructor’s', async () => {
    const mutationId = newMutationId()
    const marks = counter.children.map((child) => marked('present', child))

    await on.db.run(markAttendance, { session_id, marks }, { mutationId, hlc: hlcOf(9) })

    expect(await on.db.rows('attendance_marks')).toEqual(
      counter.children.map(({ id }, index) => ({
        id: rowId(mutationId, index + 1),
        facility_id: build.academy.facility_id,
        session_id,
        student_id: id,
        code: 'present',
        note: null,
        source: 'instructor',
        at: clickedAt,
        hlc: hlcOf(9),
        staff_id: build.academy.staff_id,
        device_id: build.academy.device_id,
      })),
    )
  })

  test('keeps the earlier mark, and the later one counts', async () => {
    await on.db.run(markAttendance, { session_id, marks: [marked('present')] })
    await on.db.run(markAttendance, { session_id, marks: [marked('late', mia, 'Bus 4 – зима')] })

    const marks = await on.db.rows('attendance_marks')
    expect(marks).toHaveLength(2)
    expect(effectiveMark(marks)).toMatchObject({ code: 'late', note: 'Bus 4 – зима' })
  })

  test('that arrives late, but was made earlier, does not count', async () => {
    await on.db.run(markAttendance, { session_id, marks: [marked('present')] }, { hlc: hlcOf(5) })
    await on.db.run(markAttendance, { session_id, marks: [marked('absent')] }, { hlc: hlcOf(2) })

    expect(effectiveMark(await on.db.rows('attendance_marks'))?.code).toBe('present')
  })

  test('of the same child twice in one command counts as the second', async () => {
    await on.db.run(markAttendance, { session_id, marks: [marked('present'), marked('absent')] })

    expect(effectiveMark(await on.db.rows('attendance_marks'))?.code).toBe('absent')
  })

  test('takes a mark back without a trace of present or absent', async () => {
    await on.db.run(markAttendance, { session_id, marks: [marked('absent')] })
    await on.db.run(markAttendance, { session_id, marks: [marked('not_recorded')] })

    expect(effectiveMark(await on.db.rows('attendance_marks'))?.code).toBe('not_recorded')
  })

  test('in a closed roll is the correction of the office, beside the instructor’s mark', async () => {
    await on.db.run(markAttendance, { session_id: closed.id, marks: [marked('present')] })

    expect(await on.db.rows('attendance_marks')).toMatchObject([{ session_id: closed.id, source: 'office' }])
  })

  test('refuses a closed roll to whom may not correct', async () => {
    const permissions = permissionsWithout('attendance.correct')

    const run = on.db.run(markAttendance, { session_id: closed.id, marks: [marked('present')] }, { permissions })

    await expect(run).rejects.toMatchObject({ code: 'roll_closed' })
    expect(await on.db.rows('attendance_marks')).toEqual([])
  })

  test('refuses a child without a place, and with it all marks', async () => {
    const ada = build.student()
    await on.db.seed({ students: [ada] })

    const run = on.db.run(markAttendance, { session_id, marks: [marked('present'), marked('absent', ada)] })

    await expect(run).rejects.toMatchObject({ code: 'not_booked', details: { student_id: ada.id } })
    expect(await on.db.rows('attendance_marks')).toEqual([])
  })

  test('refuses a child whose place was cancelled', async () => {
    const ada = build.student()
    const place = build.booking({ session_id, student_id: ada.id, cancelled_at: clickedAt })
    await on.db.seed({ students: [ada], bookings: [place] })

    const run = on.db.run(markAttendance, { session_id, marks: [marked('present', ada)] })

    await expect(run).rejects.toMatchObject({ code: 'not_booked' })
  })

  test.each(['cancelled', 'rescheduled'] as const)('refuses a session that is %s', async (status) => {
    const session = build.session({ class_id, status })
    await on.db.seed({ sessions: [session], bookings: [build.booking({ session_id: session.id, student_id: leo.id })] })

    const run = on.db.run(markAttendance, { session_id: session.id, marks: [marked('present', leo)] })

    await expect(run).rejects.toMatchObject({ code: 'session_cancelled' })
  })

  test('refuses a session that is not there', async () => {
    const run = on.db.run(markAttendance, { session_id: build.newId(), marks: [marked('present')] })

    await expect(run).rejects.toMatchObject({ code: 'not_found' })
  })

  test.each(['a\0b', '\ud800'])('refuses the note %j, which PostgreSQL could not keep', async (note) => {
    const run = on.db.run(markAttendance, { session_id, marks: [marked('absent', mia, note)] })

    await expect(run).rejects.toMatchObject({ code: 'invalid_input', details: { path: 'marks.0.note' } })
  })

  test('refuses whose role does not mark', async () => {
    const permissions = permissionsWithout('attendance.record')

    const run = on.db.run(markAttendance, { session_id, marks: [marked('present')] }, { permissions })

    await expect(run).rejects.toMatchObject({ code: 'forbidden' })
  })
})
