import { instant, oneOf, text, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/** A computer that was enrolled at a facility. Its public key is in `device_keys`. */
export const devices = table(
  'devices',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    name: text(100),
    audience: oneOf(['desk', 'office']),
    enrolled_at: instant(),
    revoked_at: instant().nullable(),
  },
  { scope: facilityScope() },
)
