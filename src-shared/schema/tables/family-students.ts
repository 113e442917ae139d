import { uuid } from '../columns.ts'
import { familyScope, table } from '../table.ts'

/** A student belongs to one family, or to two households (U03). */
export const familyStudents = table(
  'family_students',
  {
    id: uuid(),
    family_id: uuid('families'),
    student_id: uuid('students'),
  },
  {
    scope: familyScope(),
    indexes: [
      ['family_id', 'student_id'],
      ['student_id', 'family_id'],
    ],
  },
)
