import { instant, oneOf, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/** A student in a session. A walk-in needs no enrollment (U16); the mark is another fact (U15). */
export const bookings = table(
  'bookings',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    session_id: uuid('sessions'),
    student_id: uuid('students'),
    enrollment_id: uuid('enrollments').nullable(),
    kind: oneOf(['regular', 'makeup', 'trial', 'walk_in']),
    cancelled_at: instant().nullable(),
  },
  {
    scope: facilityScope(),
    // Wider than the key, so that the search at the counter never reads the table itself.
    indexes: [
      ['session_id', 'student_id', 'cancelled_at'],
      ['student_id', 'session_id', 'cancelled_at'],
    ],
  },
)
