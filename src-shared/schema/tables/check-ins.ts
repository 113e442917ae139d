import { instant, oneOf, text, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/** Events at the counter, append-only (U18): a child came in, went out, or an event was undone. */
export const checkIns = table(
  'check_ins',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    session_id: uuid('sessions'),
    student_id: uuid('students'),
    kind: oneOf(['in', 'out', 'undo']),
    /** The event that an `undo` takes back. */
    undoes_id: uuid('check_ins').nullable(),
    /** The adult who collected the child, with `out`. */
    guardian_id: uuid('guardians').nullable(),
    /** The device's clock at the click: evidence, not order. */
    at: instant(),
    hlc: text(40),
    staff_id: uuid('staff'),
    device_id: uuid('devices'),
  },
  { scope: facilityScope(), indexes: [['session_id'], ['student_id']] },
)
