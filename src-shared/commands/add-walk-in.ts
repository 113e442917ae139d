import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { requireSession, requireStudent, standingBookings } from '../rules/bookings.ts'
import { idSchema } from '../schema/columns.ts'
import { defineCommand } from './command.ts'
import { insertMark } from './mark-attendance.ts'

/**
 * A student who turned up without a place: a booking without enrollment, and present (U16, J2). When another device gave
 * the place first, only the mark is added.
 */
export const addWalkIn = defineCommand({
  name: 'attendance.walk_in',
  version: 1,
  args: z.strictObject({ session_id: idSchema, student_id: idSchema }),
  permission: 'attendance.record',

  async apply(tx, { session_id, student_id }, run) {
    await run.lock('sessions', session_id)
    const session = await requireSession(tx, session_id, run.facilityId)
    if (session.roll_closed_at !== null && !run.permissions.has('attendance.correct')) {
      throw new DomainError('roll_closed', 'This roll is closed. Ask the office to correct it.')
    }
    await requireStudent(tx, student_id)
    const bookingId = run.newId()
    const source = session.roll_closed_at === null ? 'instructor' : 'office'
    await insertMark(tx, { session_id, student_id, code: 'present', note: null, source }, run)

    const booked = await standingBookings(tx, session_id)
    if (booked.some((booking) => booking.student_id === student_id)) {
      return { code: 'already_booked', message: 'The child had a place already and is marked present.', details: {} }
    }
    await tx
      .insertInto('bookings')
      .values({
        id: bookingId,
        facility_id: run.facilityId,
        session_id,
        student_id,
        enrollment_id: null,
        kind: 'walk_in',
        cancelled_at: null,
      })
      .execute()
    return undefined
  },
})
