import { instant, integer, jsonText, oneOf, text, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/** Mutations that did not go through as sent: refused, or merged with what others did. Its id is the mutation's. */
export const mutationOutcomes = table(
  'mutation_outcomes',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    device_id: uuid('devices'),
    device_seq: integer(),
    staff_id: uuid().nullable(),
    command: text(100),
    outcome: oneOf(['merged', 'refused']),
    code: text(60),
    message: text(1000),
    /** ErrorDetails as JSON. */
    details: jsonText(10_000),
    decided_at: instant(),
  },
  { scope: facilityScope() },
)
