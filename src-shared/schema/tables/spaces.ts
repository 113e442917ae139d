import { integer, oneOf, text, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

const spaceKinds = ['pool', 'lane', 'court', 'gym', 'field', 'classroom', 'lab', 'studio'] as const

/** A bookable place of a facility (U01). */
export const spaces = table(
  'spaces',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    name: text(200),
    kind: oneOf(spaceKinds),
    capacity: integer().nullable(),
  },
  { scope: facilityScope() },
)
