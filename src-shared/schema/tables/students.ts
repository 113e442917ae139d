import { instant, localDate, oneOf, text, uuid } from '../columns.ts'
import { studentScope, table } from '../table.ts'

export const students = table(
  'students',
  {
    id: uuid(),
    organization_id: uuid('organizations'),
    first_name: text(100),
    last_name: text(100),
    preferred_name: text(100).nullable(),
    birth_date: localDate(),
    card_code: text(40).nullable(),
    status: oneOf(['active', 'inactive', 'graduated', 'withdrawn']),
    archived_at: instant().nullable(),
  },
  { scope: studentScope('id') },
)
