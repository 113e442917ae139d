import { oneOf, text, uuid } from '../columns.ts'
import { studentScope, table } from '../table.ts'

const healthKinds = ['allergy', 'condition', 'medication', 'diet', 'other'] as const
const healthSeverities = ['info', 'serious', 'life_threatening'] as const

/** What must be known to keep a child safe (U33). */
export const healthItems = table(
  'health_items',
  {
    id: uuid(),
    student_id: uuid('students'),
    kind: oneOf(healthKinds).only('medical.read'),
    severity: oneOf(healthSeverities).only('medical.read'),
    name: text(200).only('medical.read'),
    /** What to do when it happens. */
    action: text(1000).nullable().only('medical.read'),
  },
  { scope: studentScope(), indexes: [['student_id']] },
)
