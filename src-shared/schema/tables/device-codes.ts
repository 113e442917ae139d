import { instant, integer, oneOf, text, uuid } from '../columns.ts'
import { serverScope, table } from '../table.ts'

/** One-time codes that enroll a device. */
export const deviceCodes = table(
  'device_codes',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    audience: oneOf(['desk', 'office']),
    /** SHA-256 of the code, hex. */
    code_hash: text(64),
    created_by: uuid('staff').nullable(),
    expires_at: instant(),
    used_at: instant().nullable(),
    /** Always 0: wrong tries are counted by who makes them (auth/attempts.ts). */
    failed_tries: integer(),
  },
  { scope: serverScope },
)
