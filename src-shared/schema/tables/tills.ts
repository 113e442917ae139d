import { text, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/** A receipt series: one for each enrollment of a device, never used by another (U27, J3). */
export const tills = table(
  'tills',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    device_id: uuid('devices'),
    /** What its receipt numbers start with, such as WER2. */
    code: text(12),
  },
  { scope: facilityScope() },
)
