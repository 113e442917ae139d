import { localDate, oneOf, text, uuid } from '../columns.ts'
import { familyScope, table } from '../table.ts'

/** What a family owes. Paid, partial and overdue are derived (U24, U31). */
export const invoices = table(
  'invoices',
  {
    id: uuid(),
    family_id: uuid('families'),
    facility_id: uuid('facilities'),
    number: text(40),
    status: oneOf(['draft', 'sent', 'void']),
    currency: text(3),
    issued_on: localDate(),
    due_on: localDate(),
  },
  { scope: familyScope(), indexes: [['family_id']] },
)
