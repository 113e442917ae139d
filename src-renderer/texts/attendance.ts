import type { AttendanceCode, BookingKind } from '../../src-shared/queries/roll.ts'

export const attendanceTexts: Readonly<Record<AttendanceCode, string>> = {
  not_recorded: 'No mark',
  present: 'Present',
  late: 'Late',
  left_early: 'Left early',
  absent: 'Absent',
  excused: 'Excused',
  observing: 'Observing',
}

/** Regular places need no word. */
export const bookingKindTexts: Readonly<Record<BookingKind, string | undefined>> = {
  regular: undefined,
  makeup: 'Make-up',
  trial: 'Trial',
  walk_in: 'Walk-in',
}
