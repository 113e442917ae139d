import { describe, expect, test } from 'vitest'
import { recordCheckIn } from '../../../src-shared/commands/record-check-in.ts'
import { presenceOf } from '../../../src-shared/rules/attendance.ts'
import * as build from '../../support/academy.ts'
import {
  clickedAt,
  databases,
  hlcOf,
  newMutationId,
  permissionsWithout,
  rowId,
  useDatabase,
} from '../../support/both-databases.ts'
import { counterRows } from '../../support/counter-rows.ts'

const counter = counterRows()
const [mia, leo] = counter.children

const entriesOf = (...children: readonly { readonly id: string }[]) =>
  children.map(({ id }) => ({ student_id: id, session_id: counter.session.id }))

describe.each(databases)('check_in.record on %s', (_name, open) => {
  const on = useDatabase(open, counter.rows)

  test('keeps one event for each child, made from the id of the mutation', async () => {
    const mutationId = newMutationId()

    await on.db.run(recordCheckIn, { entries: entriesOf(...counter.children) }, { mutationId, hlc: hlcOf(7) })

    expect(await on.db.rows('check_ins')).toEqual(
      counter.children.map(({ id }, index) => ({
        id: rowId(mutationId, index + 1),
        facility_id: build.academy.facility_id,
        session_id: counter.session.id,
        student_id: id,
        kind: 'in',
        undoes_id: null,
        guardian_id: null,
        at: clickedAt,
        hlc: hlcOf(7),
        staff_id: build.academy.staff_id,
        device_id: build.academy.device_id,
      })),
    )
  })

  test('at two desks is kept twice and folds into one presence', async () => {
    const first = newMutationId()

    await on.db.run(recordCheckIn, { entries: entriesOf(mia) }, { mutationId: first })
    await on.db.run(recordCheckIn, { entries: entriesOf(mia) })

    const presence = presenceOf(await on.db.rows('check_ins'))
    expect(presence).toEqual({ in: { id: rowId(first, 1), at: clickedAt }, out: undefined, count: 2 })
  })

  test('finds a child by an id in capitals', async () => {
    await on.db.run(recordCheckIn, {
      entries: [{ student_id: mia.id.toUpperCase(), session_id: counter.session.id.toUpperCase() }],
    })

    expect(await on.db.rows('check_ins')).toMatchObject([{ student_id: mia.id, session_id: counter.session.id }])
  })

  test('takes a child of a family that is linked to another facility only, when it has a place here', async () => {
    const guest = build.student()
    const place = build.booking({ session_id: counter.session.id, student_id: guest.id, kind: 'trial' })
    await on.db.seed({ students: [guest], bookings: [place] })

    await on.db.run(recordCheckIn, { entries: entriesOf(guest) })

    expect(await on.db.rows('check_ins')).toHaveLength(1)
  })

  test('takes a child after the roll was closed', async () => {
    const closed = build.session({
      class_id: counter.session.class_id,
      roll_closed_at: clickedAt,
      roll_closed_by: build.academy.staff_id,
    })
    const place = build.booking({ session_id: closed.id, student_id: mia.id })
    await on.db.seed({ sessions: [closed], bookings: [place] })

    await on.db.run(recordCheckIn, { entries: [{ student_id: mia.id, session_id: closed.id }] })

    expect(await on.db.rows('check_ins')).toHaveLength(1)
  })

  test('refuses a child without a place, and with it the whole family', async () => {
    const stranger = build.student()
    await on.db.seed({ students: [stranger] })

    const run = on.db.run(recordCheckIn, { entries: entriesOf(mia, stranger, leo) })

    await expect(run).rejects.toMatchObject({ code: 'not_booked', details: { student_id: stranger.id } })
    expect(await on.db.rows('check_ins')).toEqual([])
  })

  test('refuses a child whose place was cancelled', async () => {
    const ada = build.student()
    const place = build.booking({ session_id: counter.session.id, student_id: ada.id, cancelled_at: clickedAt })
    await on.db.seed({ students: [ada], bookings: [place] })

    const run = on.db.run(recordCheckIn, { entries: entriesOf(ada) })

    await expect(run).rejects.toMatchObject({ code: 'not_booked' })
  })

  test.each(['cancelled', 'rescheduled'] as const)('refuses a session that is %s', async (status) => {
    const session = build.session({ class_id: counter.session.class_id, status })
    await on.db.seed({ sessions: [session], bookings: [build.booking({ session_id: session.id, student_id: mia.id })] })

    const run = on.db.run(recordCheckIn, { entries: [{ student_id: mia.id, session_id: session.id }] })

    await expect(run).rejects.toMatchObject({ code: 'session_cancelled', details: { status } })
  })

  test('refuses a session of another facility', async () => {
    const elsewhere = build.facility({ id: build.newId(), code: 'GEE' })
    const cohort = build.cohort({ facility_id: elsewhere.id })
    const session = build.session({ class_id: cohort.id, facility_id: elsewhere.id })
    const place = build.booking({ session_id: session.id, student_id: mia.id, facility_id: elsewhere.id })
    await on.db.seed({ facilities: [elsewhere], classes: [cohort], sessions: [session], bookings: [place] })

    const run = on.db.run(recordCheckIn, { entries: [{ student_id: mia.id, session_id: session.id }] })

    await expect(run).rejects.toMatchObject({ code: 'not_found', details: { session_id: session.id } })
  })

  test.each([0, 21])('refuses %i children at once', async (count) => {
    const entries = Array.from({ length: count }, () => ({ student_id: mia.id, session_id: counter.session.id }))

    await expect(on.db.run(recordCheckIn, { entries })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('refuses whose role does not check children in', async () => {
    const run = on.db.run(
      recordCheckIn,
      { entries: entriesOf(mia) },
      { permissions: permissionsWithout('check_ins.record') },
    )

    await expect(run).rejects.toMatchObject({ code: 'forbidden', details: { permission: 'check_ins.record' } })
    expect(await on.db.rows('check_ins')).toEqual([])
  })
})
