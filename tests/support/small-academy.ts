import * as build from './academy.ts'
import { type Counter, counterRows, type Rows } from './counter-rows.ts'
import { inboxItem } from './inbox-items.ts'
import { paymentOf } from './payment-args.ts'

/**
 * The counter's rows and, around them, what commands can stumble over: a session that was cancelled, one whose roll is
 * closed, one of another facility; a cancelled booking; a family of another facility; an invoice of several lines, one of
 * another currency and one that is void; ways to pay that want a reference or are archived; a payment taken elsewhere;
 * a second desk, and an inbox with items of each kind.
 */
export const smallAcademy = () => {
  const counter = counterRows()
  const { organization_id, facility_id, staff_id } = build.academy
  const elsewhere = build.facility({ id: build.newId(), name: 'Geelong', code: 'GEE', currency: 'NZD' })
  const otherDevice = build.device({ id: build.newId(), facility_id: elsewhere.id })
  const otherTill = { id: build.newId(), facility_id: elsewhere.id, device_id: otherDevice.id, code: 'GEE1' }
  const otherClass = build.cohort({ facility_id: elsewhere.id })
  const { class_id } = counter.session
  const sessions = [
    counter.session,
    build.session({ class_id, starts_at: '17:30', ends_at: '18:00' }),
    build.session({ class_id, status: 'cancelled' }),
    build.session({ class_id, roll_closed_at: '2026-11-21T05:00:00.000Z', roll_closed_by: staff_id }),
    build.session({ class_id: otherClass.id, facility_id: elsewhere.id }),
  ] as const
  const stranger = build.family({ name: 'Stranger' })
  const friends = build.family({ name: 'Okoro' })
  const [friend, strange] = [build.student({ first_name: 'Ada' }), build.student({ first_name: 'Una' })]
  const students = [...counter.children, friend, strange]
  const guardians = [
    ...counter.rows.guardians,
    build.guardian({ family_id: friends.id }),
    build.guardian({ family_id: stranger.id }),
  ]
  const method = (over: Partial<typeof counter.cash>) => ({ ...counter.cash, id: build.newId(), ...over })
  const methods = [
    counter.cash,
    method({ name: 'Card', kind: 'card_terminal', hotkey: 'D', reference_label: 'Slip number' }),
    method({ name: 'Cheque', kind: 'cheque', hotkey: 'Q', archived_at: '2026-01-01T00:00:00.000Z' }),
  ]
  const { family } = counter
  const invoices = [
    ...counter.invoices,
    build.invoice({ family_id: family.id, number: 'INV-0003' }),
    build.invoice({ family_id: family.id, number: 'GEE-0001', facility_id: elsewhere.id, currency: 'NZD' }),
    build.invoice({ family_id: family.id, number: 'INV-0004', status: 'void' }),
    build.invoice({ family_id: friends.id, number: 'INV-0005' }),
    build.invoice({ family_id: stranger.id, number: 'GEE-0002', facility_id: elsewhere.id }),
  ]
  const line = (n: number, over: Partial<(typeof counter.rows.invoice_lines)[number]> = {}) =>
    build.invoiceLine({ family_id: invoices[n]?.family_id ?? '', invoice_id: invoices[n]?.id ?? '', ...over })
  const paidElsewhere = {
    id: build.newId(),
    family_id: family.id,
    facility_id: elsewhere.id,
    till_id: otherTill.id,
    method_id: counter.cash.id,
    currency: 'NZD',
    amount: 100,
    tendered: null,
    reference: null,
    at: '2026-11-20T05:00:00.000Z',
    staff_id,
    device_id: otherDevice.id,
  }
  const poolDesk = build.device({ id: build.newId(), name: 'Pool desk' })
  const poolTill = { id: build.newId(), facility_id, device_id: poolDesk.id, code: 'WER3' }
  const items = inboxOf(counter, poolDesk.id)
  const rows = {
    ...counter.rows,
    facilities: [...counter.rows.facilities, elsewhere],
    devices: [...counter.rows.devices, poolDesk, otherDevice],
    tills: [...counter.rows.tills, poolTill, otherTill],
    payment_methods: methods,
    classes: [...counter.rows.classes, otherClass],
    sessions,
    families: [family, friends, stranger],
    family_facilities: [
      { id: build.newId(), family_id: family.id, facility_id },
      { id: build.newId(), family_id: family.id, facility_id: elsewhere.id },
      { id: build.newId(), family_id: friends.id, facility_id },
      { id: build.newId(), family_id: stranger.id, facility_id: elsewhere.id },
    ],
    guardians,
    students,
    family_students: [
      ...counter.rows.family_students,
      build.childOf(friends, friend),
      build.childOf(stranger, strange),
      // A child of two households.
      build.childOf(friends, counter.children[2]),
    ],
    bookings: [
      ...counter.rows.bookings,
      ...sessions.slice(1, 4).map(({ id }) => build.booking({ session_id: id, student_id: counter.children[0].id })),
      build.booking({ session_id: sessions[1].id, student_id: friend.id, cancelled_at: '2026-11-01T00:00:00.000Z' }),
      // A trial of a child whose family is linked to the other facility only.
      build.booking({ session_id: sessions[1].id, student_id: strange.id, kind: 'trial' }),
      build.booking({ session_id: sessions[4].id, student_id: strange.id, facility_id: elsewhere.id }),
    ],
    invoices,
    invoice_lines: [
      ...counter.rows.invoice_lines,
      line(2, { total: 1000, unit_amount: 1000, tax_amount: 91 }),
      line(2, { total: 333, unit_amount: 333, tax_name: null, tax_amount: 0 }),
      ...[3, 4, 5, 6].map((n) => line(n)),
    ],
    payments: [paidElsewhere],
    mutation_outcomes: items,
  } satisfies Rows
  return {
    organization_id,
    rows,
    sessions,
    students,
    guardians,
    methods,
    invoices,
    families: rows.families,
    paidElsewhere,
    items,
  }
}

/** What was refused or merged before, of this desk and of the one at the pool. */
const inboxOf = (counter: Counter, poolDesk: string) => {
  const [invoice] = counter.invoices
  const payment = paymentOf(counter)(2000, [{ invoice_id: invoice.id, amount: 2000, already_paid: 0 }])
  const walkIn = { session_id: counter.session.id, student_id: counter.children[0].id }
  const money = { command: 'payment.take', args: payment, code: 'sequence_gap' }
  const refusedPayment = inboxItem(money)
  const refusedWalkIn = inboxItem({ command: 'attendance.walk_in', args: walkIn, code: 'roll_closed' })
  return [
    refusedPayment,
    refusedWalkIn,
    inboxItem({ ...money, device_id: poolDesk }),
    inboxItem({ ...money, outcome: 'merged', code: 'left_as_credit' }),
    inboxItem({
      command: 'inbox.redo',
      args: { outcome_id: refusedPayment.id, also: [], note: null, command: 'payment.take', version: 1, args: payment },
      caused_by: refusedPayment.id,
    }),
    inboxItem({
      command: 'attendance.mark',
      args: { ...walkIn, marks: [] },
      code: 'not_booked',
      caused_by: refusedWalkIn.id,
    }),
    inboxItem({
      command: 'inbox.accept',
      args: { outcome_id: refusedWalkIn.id, also: [], note: null },
      code: 'forbidden',
      caused_by: refusedWalkIn.id,
    }),
    inboxItem({ command: 'locker.rent', code: 'unknown_command' }),
  ]
}

export type SmallAcademy = ReturnType<typeof smallAcademy>
