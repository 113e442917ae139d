import { instant, uuid } from '../columns.ts'
import { serverScope, table } from '../table.ts'

/** The right of a staff member to work offline at a device until `not_after`. */
export const leases = table(
  'leases',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    staff_id: uuid('staff'),
    device_id: uuid('devices'),
    issued_at: instant(),
    not_after: instant(),
  },
  { scope: serverScope },
)
