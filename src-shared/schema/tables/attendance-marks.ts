import { instant, oneOf, text, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/** Base codes (U15). `not_recorded` as a mark takes an earlier mark back; it never means present or absent. */
export const attendanceCodes = [
  'not_recorded',
  'present',
  'late',
  'left_early',
  'absent',
  'excused',
  'observing',
] as const

/** Marks of a student in a session, append-only: the status is a fold over them (rules/attendance.ts). */
export const attendanceMarks = table(
  'attendance_marks',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    session_id: uuid('sessions'),
    student_id: uuid('students'),
    code: oneOf(attendanceCodes),
    note: text(1000).nullable(),
    /** The instructor's mark and the office's correction are two facts. */
    source: oneOf(['instructor', 'office']),
    at: instant(),
    hlc: text(40),
    staff_id: uuid('staff'),
    device_id: uuid('devices'),
  },
  { scope: facilityScope(), indexes: [['session_id'], ['student_id']] },
)
