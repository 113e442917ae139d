import { integer, text, uuid } from '../columns.ts'
import { familyScope, table } from '../table.ts'

/** An adult of a family. */
export const guardians = table(
  'guardians',
  {
    id: uuid(),
    family_id: uuid('families'),
    first_name: text(100),
    last_name: text(100),
    relationship: text(60),
    /** As typed, for people. */
    phone: text(40).nullable(),
    /** E.164, for machines and for the search by its last digits. */
    phone_e164: text(20).nullable(),
    email: text(200).nullable(),
    /** The first one to call. */
    priority: integer(),
  },
  { scope: familyScope(), indexes: [['family_id']] },
)
