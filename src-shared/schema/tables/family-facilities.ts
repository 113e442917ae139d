import { uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/** Links a family to a facility: what makes its rows visible there. */
export const familyFacilities = table(
  'family_facilities',
  {
    id: uuid(),
    family_id: uuid('families'),
    facility_id: uuid('facilities'),
  },
  { scope: facilityScope(), indexes: [['family_id']] },
)
