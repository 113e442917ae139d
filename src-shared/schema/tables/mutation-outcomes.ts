import { instant, integer, jsonText, oneOf, text, uuid } from '../columns.ts'
import { facilityScope, table } from '../table.ts'

/**
 * Mutations that did not go through as sent: refused, or merged with what others did. Its id is the mutation's. A row is
 * an item of the inbox of its facility, and open as long as no row of `inbox_settlements` has its id; it is never changed
 * or removed. Who may read what was asked, and what there is instead, depends on the command (rules/inbox.ts).
 */
export const mutationOutcomes = table(
  'mutation_outcomes',
  {
    id: uuid(),
    facility_id: uuid('facilities'),
    device_id: uuid('devices'),
    device_seq: integer(),
    staff_id: uuid().nullable(),
    command: text(100),
    /** 0 when the device did not say. */
    version: integer(),
    /** What was asked: the arguments as they were sent, without long parts where they are many (rules/inbox-args.ts), as JSON. */
    args: jsonText(1_000_000),
    /** The device's clock at the click; null when the device did not say. */
    at: instant().nullable(),
    outcome: oneOf(['merged', 'refused']),
    code: text(60),
    message: text(1000),
    /** ErrorDetails as JSON. */
    details: jsonText(10_000),
    /** What the server had instead when it decided: facts (rules/inbox-facts.ts) as JSON. */
    instead: jsonText(100_000),
    /** What to do about it (rules/inbox-suggestions.ts). */
    suggestion: text(60),
    /** The refused item without which this one would not have failed, or that this one was about. */
    caused_by: uuid().nullable(),
    decided_at: instant(),
  },
  { scope: facilityScope(), indexes: [['decided_at']] },
)
