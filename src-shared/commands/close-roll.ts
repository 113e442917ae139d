import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { effectiveMark, isRecorded } from '../rules/attendance.ts'
import { requireSession, standingBookings } from '../rules/bookings.ts'
import { idSchema } from '../schema/columns.ts'
import { defineCommand } from './command.ts'

/** Closes the roll. Every student must have a mark: silence is never turned into presence (J2). Closing twice is one closing. */
export const closeRoll = defineCommand({
  name: 'roll.close',
  version: 1,
  args: z.strictObject({ session_id: idSchema }),
  permission: 'attendance.record',

  async apply(tx, { session_id }, run) {
    await run.lock('sessions', session_id)
    const session = await requireSession(tx, session_id, run.facilityId)
    if (session.roll_closed_at !== null) return

    const booked = await standingBookings(tx, session_id)
    const marks = await tx
      .selectFrom('attendance_marks')
      .select(['id', 'student_id', 'code', 'hlc'])
      .where('session_id', '=', session_id)
      .execute()
    const missing = booked.filter(
      ({ student_id }) => !isRecorded(effectiveMark(marks.filter((mark) => mark.student_id === student_id))),
    )
    if (missing.length > 0) {
      throw new DomainError('roll_incomplete', 'Some children have no mark yet.', { missing: missing.length })
    }
    await tx
      .updateTable('sessions')
      .set({ roll_closed_at: run.at, roll_closed_by: run.staffId, status: 'completed' })
      .where('id', '=', session_id)
      .execute()
  },
})
