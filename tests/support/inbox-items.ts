import type { Database } from '../../src-shared/schema/tables.ts'
import { academy, newId } from './academy.ts'

type Item = Database['mutation_outcomes']

/** An item of the inbox: a check-in that was refused, unless the test says what differs. */
export const inboxItem = (over: Partial<Omit<Item, 'args'>> & { readonly args?: unknown } = {}): Item => ({
  id: newId(),
  facility_id: academy.facility_id,
  device_id: academy.device_id,
  device_seq: 1,
  staff_id: academy.staff_id,
  command: 'check_in.record',
  version: 1,
  at: '2026-11-21T05:00:00.000Z',
  outcome: 'refused',
  code: 'session_cancelled',
  message: 'This session does not take place.',
  details: '{}',
  instead: '[]',
  suggestion: 'session_is_off',
  caused_by: null,
  decided_at: '2026-11-21T05:01:00.000Z',
  ...over,
  args: JSON.stringify(over.args ?? { entries: [] }),
})
