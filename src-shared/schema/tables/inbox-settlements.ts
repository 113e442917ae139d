import { instant, oneOf, text, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/** How a person settled an item of the inbox. Its id is the item's: an item is settled once, by whoever is first. */
export const inboxSettlements = table(
  'inbox_settlements',
  {
    id: uuid('mutation_outcomes'),
    facility_id: uuid('facilities'),
    state: oneOf(['accepted', 'redone', 'dropped']),
    note: text(1000).nullable(),
    /** The mutation that did it again. */
    redone_by: uuid().nullable(),
    at: instant(),
    staff_id: uuid('staff'),
    device_id: uuid('devices'),
  },
  { scope: facilityScope(), indexes: [['at']] },
)
