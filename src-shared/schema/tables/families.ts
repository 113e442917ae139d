import { instant, text, uuid } from '../columns.ts'
import { familyScope, table } from '../table.ts'

/** The billing unit, a household (U03, U04). */
export const families = table(
  'families',
  {
    id: uuid(),
    organization_id: uuid('organizations'),
    name: text(200),
    /** On the card that the family shows at the counter. */
    card_code: text(40).nullable(),
    note: text(4000).nullable(),
    archived_at: instant().nullable(),
  },
  { scope: familyScope('id') },
)
