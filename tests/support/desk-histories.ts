import fc from 'fast-check'
import { academy } from './academy.ts'
import { counterRows } from './counter-rows.ts'
import { inboxItem } from './inbox-items.ts'

export const counter = counterRows()
const { session, family, children, invoices, cash } = counter
export const devices = [academy.device_id, '00000000-0000-4000-8000-0000000000d2'] as const
const tills = devices.map((device_id, index) => ({
  ...counter.till,
  id: `00000000-0000-4000-8000-0000000000e${index}`,
  device_id,
  code: `WER${index + 1}`,
}))
export const profileOf = (desk: number) => {
  const { device_id, facility_id, id, code } = tills[desk] ?? counter.till
  return { device_id, facility_id, till: { id, code } }
}
const place = { student_id: children[1].id, session_id: session.id }
const paid = {
  family_id: family.id,
  method_id: cash.id,
  amount: 2000,
  tendered: null,
  reference: null,
  allocations: [],
}
const refusedCheckIn = inboxItem({ args: { entries: [place] } })
const items = [
  refusedCheckIn,
  inboxItem({ command: 'check_out.record', code: 'not_checked_in', caused_by: refusedCheckIn.id }),
  inboxItem({ command: 'payment.take', code: 'not_found', args: paid, device_id: devices[1] }),
]
export const firstRows = {
  ...counter.rows,
  tills,
  mutation_outcomes: items,
  device_progress: devices.map((id) => ({ id, facility_id: academy.facility_id, last_seq: 0 })),
}

const child = fc.integer({ min: 0, max: 2 }).map((index) => children[index]?.id ?? '')
// The last of them loses its place in some histories: then what was done for the others must go again.
const wholeFamily = children.toReversed().map(({ id }) => ({ student_id: id, session_id: session.id }))
const command = fc.oneof(
  fc.constant(['check_in.record', { entries: wholeFamily }] as const),
  child.map((student_id) => ['check_in.record', { entries: [{ student_id, session_id: session.id }] }] as const),
  child.map(
    (student_id) =>
      ['check_out.record', { entries: [{ student_id, session_id: session.id }], guardian_id: null }] as const,
  ),
  child.map(
    (student_id) =>
      ['attendance.mark', { session_id: session.id, marks: [{ student_id, code: 'present', note: null }] }] as const,
  ),
  child.map((student_id) => ['attendance.walk_in', { session_id: session.id, student_id }] as const),
  fc.constant(['roll.close', { session_id: session.id }] as const),
  fc.integer({ min: 1000, max: 6400 }).map((amount) => {
    const allocations = [{ invoice_id: invoices[0].id, amount, already_paid: 0 }]
    const rest = { tendered: null, reference: null, allocations }
    return ['payment.take', { family_id: family.id, method_id: cash.id, amount, ...rest }] as const
  }),
  fc.constant(['payment.void', undefined] as const),
  fc.constantFrom(...items).chain((item) => {
    const also = items.filter(({ caused_by }) => caused_by === item.id).map(({ id }) => id)
    const again = {
      command: item.command,
      version: 1,
      args: item.command === 'payment.take' ? paid : { entries: [place] },
    }
    return fc.constantFrom(
      ['inbox.accept', { outcome_id: item.id, also, note: null }] as const,
      ['inbox.drop', { outcome_id: item.id, also: [], note: 'No' }] as const,
      ['inbox.redo', { outcome_id: item.id, also: [], note: null, ...again }] as const,
    )
  }),
)

const edits = [
  "update sessions set status = 'cancelled'",
  "update sessions set status = 'scheduled', roll_closed_at = null, roll_closed_by = null",
  "update families set name = name || 'x'",
  "update students set first_name = first_name || 'y'",
  `delete from bookings where student_id = '${children[0].id}'`,
  `delete from guardians`,
  // Rows that nobody had seen, which make possible or impossible what was tried before.
  `insert into bookings select '00000000-0000-4000-8000-0000000000b1', facility_id, session_id, '${children[0].id}',
    enrollment_id, kind, null from bookings where student_id = '${children[1].id}' and not exists
    (select 1 from bookings where id = '00000000-0000-4000-8000-0000000000b1') limit 1`,
  "update payment_methods set archived_at = '2020-01-01T00:00:00.000Z'",
  'update payment_methods set archived_at = null',
  "update role_assignments set ended_at = '2020-01-01T00:00:00.000Z'",
  'update role_assignments set ended_at = null',
]
/** What may happen next to two desks and their server. */
export const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('command' as const), desk: fc.nat(1), command }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('send' as const), desk: fc.nat(1), count: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refuse' as const), desk: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('feed' as const), desk: fc.nat(1), ends: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('edit' as const), sql: fc.constantFrom(...edits) }) },
  // What one desk does reaches the other while that has unsent work.
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('relay' as const), desk: fc.nat(1), command }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const), desk: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const), desk: fc.nat(1) }) },
)
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
