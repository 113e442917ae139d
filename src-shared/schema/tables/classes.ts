import { instant, integer, oneOf, text, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/** A cohort or batch (U11). */
export const classes = table(
  'classes',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    program_id: uuid('programs'),
    name: text(200),
    level: text(60).nullable(),
    mode: oneOf(['term', 'rolling', 'camp', 'private', 'drop_in']),
    capacity: integer(),
    archived_at: instant().nullable(),
  },
  { scope: facilityScope() },
)
