import { integer, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/**
 * Up to which `device_seq` the server has decided a device's mutations. The row comes down in the same transaction as
 * their effects, and is the only acknowledgement there is (DESIGN.md §6.3). Its id is the device's.
 */
export const deviceProgress = table(
  'device_progress',
  {
    id: uuid('devices'),
    facility_id: uuid('facilities'),
    last_seq: integer(),
  },
  { scope: facilityScope() },
)
