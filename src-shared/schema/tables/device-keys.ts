import { instant, text, uuid } from '../columns.ts'
import { serverScope, table } from '../table.ts'

/** The public key that a device proves itself with. Its id is the device's. */
export const deviceKeys = table(
  'device_keys',
  {
    id: uuid('devices'),
    facility_id: uuid('facilities'),
    /** Ed25519 as JWK. */
    public_key: text(1000),
    since: instant(),
  },
  { scope: serverScope },
)
