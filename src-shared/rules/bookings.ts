import type { Transaction } from 'kysely'
import { DomainError } from '../errors.ts'
import type { Row } from '../schema/table.ts'
import type { Database } from '../schema/tables.ts'
import type { bookings } from '../schema/tables/bookings.ts'
import type { sessions } from '../schema/tables/sessions.ts'
import { takesPlace } from './sessions.ts'

/** The session of this facility, also one that does not take place; throws when it is not there. */
export const findSession = async (
  tx: Transaction<Database>,
  sessionId: string,
  facilityId: string,
): Promise<Row<typeof sessions>> => {
  const session = await tx
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', sessionId)
    .where('facility_id', '=', facilityId)
    .executeTakeFirst()
  if (!session) throw new DomainError('not_found', 'This session does not exist here.', { session_id: sessionId })
  return session
}

/** The session of this facility; throws when it is not there, was cancelled or was moved to another time (U36). */
export const requireSession = async (
  tx: Transaction<Database>,
  sessionId: string,
  facilityId: string,
): Promise<Row<typeof sessions>> => {
  const session = await findSession(tx, sessionId, facilityId)
  if (!takesPlace(session)) {
    throw new DomainError('session_cancelled', 'This session does not take place.', { status: session.status })
  }
  return session
}

/** The bookings of a session that stand. */
export const standingBookings = (tx: Transaction<Database>, sessionId: string): Promise<Row<typeof bookings>[]> =>
  tx.selectFrom('bookings').selectAll().where('session_id', '=', sessionId).where('cancelled_at', 'is', null).execute()

/** Throws unless the student has a place in the session. */
export const requireBooked = (booked: readonly { readonly student_id: string }[], studentId: string): void => {
  if (booked.some((booking) => booking.student_id === studentId)) return
  throw notBooked(studentId)
}

/** The same for one student, without reading the places of the others. */
export const requirePlace = async (tx: Transaction<Database>, sessionId: string, studentId: string): Promise<void> => {
  const place = await tx
    .selectFrom('bookings')
    .select('id')
    .where('session_id', '=', sessionId)
    .where('student_id', '=', studentId)
    .where('cancelled_at', 'is', null)
    .executeTakeFirst()
  if (!place) throw notBooked(studentId)
}

const notBooked = (studentId: string): DomainError =>
  new DomainError('not_booked', 'This child has no place in this session. Add a walk-in instead.', {
    student_id: studentId,
  })

/** The student as far as this facility may see it; throws when it may not. */
export const requireStudent = async (tx: Transaction<Database>, studentId: string): Promise<void> => {
  const student = await tx.selectFrom('students').select('id').where('id', '=', studentId).executeTakeFirst()
  if (!student) throw new DomainError('not_found', 'This student does not exist here.', { student_id: studentId })
}
