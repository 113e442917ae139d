import { localDate, oneOf, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

const enrollmentStatuses = [
  'pending_payment',
  'enrolled',
  'trial',
  'waitlisted',
  'on_hold',
  'completed',
  'promoted',
  'dropped',
] as const

/** A student in a class (U10, U12). */
export const enrollments = table(
  'enrollments',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    class_id: uuid('classes'),
    student_id: uuid('students'),
    status: oneOf(enrollmentStatuses),
    starts_on: localDate(),
    ends_on: localDate().nullable(),
  },
  { scope: facilityScope(), indexes: [['student_id'], ['class_id']] },
)
