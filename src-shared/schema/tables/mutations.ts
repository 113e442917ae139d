import { instant, integer, jsonText, oneOf, text, uuid } from '../columns.ts'
import { serverScope, table } from '../table.ts'

/** Every mutation that arrived, with the outcome that every later delivery of it gets (promise 3). */
export const mutations = table(
  'mutations',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    device_id: uuid('devices'),
    device_seq: integer(),
    staff_id: uuid().nullable(),
    lease_id: uuid().nullable(),
    command: text(100),
    version: integer(),
    /** The envelope as it was sent, as JSON: what a refused mutation can be mended from. */
    body: jsonText(1_000_000),
    /** SHA-256 of the body, hex. */
    body_hash: text(64),
    outcome: oneOf(['applied', 'merged', 'refused']),
    code: text(60).nullable(),
    message: text(1000).nullable(),
    details: jsonText(10_000).nullable(),
    received_at: instant(),
  },
  { scope: serverScope },
)
