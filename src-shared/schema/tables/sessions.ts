import { instant, integer, localDate, localTime, oneOf, text, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/** One meeting of a class: local date and times in the facility's zone. */
export const sessions = table(
  'sessions',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    class_id: uuid('classes'),
    space_id: uuid('spaces').nullable(),
    instructor_id: uuid('staff').nullable(),
    date: localDate(),
    starts_at: localTime(),
    ends_at: localTime(),
    /** IANA zone in which the date and times hold. */
    time_zone: text(64),
    capacity: integer(),
    status: oneOf(['scheduled', 'in_progress', 'completed', 'cancelled', 'rescheduled']),
    roll_closed_at: instant().nullable(),
    roll_closed_by: uuid('staff').nullable(),
  },
  { scope: facilityScope(), indexes: [['date']] },
)
