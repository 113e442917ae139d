import { describe, expect, test } from 'vitest'
import { recordCheckIn } from '../../../src-shared/commands/record-check-in.ts'
import { undoCheckIn } from '../../../src-shared/commands/undo-check-in.ts'
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
const [mia] = counter.children
const came = build.checkIn({ session_id: counter.session.id, student_id: mia.id, at: '2026-11-21T05:10:00.000Z' })

describe.each(databases)('check_in.undo on %s', (_name, open) => {
  const on = useDatabase(open, { ...counter.rows, check_ins: [came] })

  test('keeps the event and adds one that takes it back', async () => {
    const mutationId = newMutationId()

    await on.db.run(undoCheckIn, { check_in_ids: [came.id] }, { mutationId, hlc: hlcOf(3) })

    const events = await on.db.rows('check_ins')
    expect(events).toContainEqual(came)
    expect(events).toContainEqual({
      ...came,
      id: rowId(mutationId, 1),
      kind: 'undo',
      undoes_id: came.id,
      at: clickedAt,
      hlc: hlcOf(3),
    })
    expect(presenceOf(events)).toEqual({ in: undefined, out: undefined, count: 0 })
  })

  test('of an event that was undone already changes nothing that is seen', async () => {
    await on.db.run(undoCheckIn, { check_in_ids: [came.id] })
    await on.db.run(undoCheckIn, { check_in_ids: [came.id] })

    const events = await on.db.rows('check_ins')
    expect(events).toHaveLength(3)
    expect(presenceOf(events)).toEqual({ in: undefined, out: undefined, count: 0 })
  })

  test('at one desk leaves the check-in of the other desk', async () => {
    const other = newMutationId()
    const entries = [{ student_id: mia.id, session_id: counter.session.id }]
    await on.db.run(recordCheckIn, { entries }, { mutationId: other })

    await on.db.run(undoCheckIn, { check_in_ids: [came.id] })

    expect(presenceOf(await on.db.rows('check_ins'))).toMatchObject({ in: { id: rowId(other, 1) }, count: 1 })
  })

  test('of a check-out brings the child back', async () => {
    const left = build.checkIn({
      session_id: counter.session.id,
      student_id: mia.id,
      kind: 'out',
      hlc: '000000000002-0000-00000001',
    })
    await on.db.seed({ check_ins: [left] })

    await on.db.run(undoCheckIn, { check_in_ids: [left.id] })

    expect(presenceOf(await on.db.rows('check_ins'))).toMatchObject({ in: { id: came.id }, out: undefined })
  })

  test('refuses what is an undo itself', async () => {
    const first = newMutationId()
    await on.db.run(undoCheckIn, { check_in_ids: [came.id] }, { mutationId: first })

    const run = on.db.run(undoCheckIn, { check_in_ids: [rowId(first, 1)] })

    await expect(run).rejects.toMatchObject({ code: 'not_found', details: { check_in_id: rowId(first, 1) } })
  })

  test('refuses an event that is not there, and with it all others', async () => {
    const run = on.db.run(undoCheckIn, { check_in_ids: [came.id, build.newId()] })

    await expect(run).rejects.toMatchObject({ code: 'not_found' })
    expect(await on.db.rows('check_ins')).toEqual([came])
  })

  test('refuses an event of another facility', async () => {
    const elsewhere = build.facility({ id: build.newId(), code: 'GEE' })
    const { id: facility_id } = elsewhere
    const device = build.device({ id: build.newId(), facility_id })
    const cohort = build.cohort({ facility_id })
    const session = build.session({ class_id: cohort.id, facility_id })
    const event = build.checkIn({ session_id: session.id, student_id: mia.id, facility_id, device_id: device.id })
    await on.db.seed({
      facilities: [elsewhere],
      devices: [device],
      classes: [cohort],
      sessions: [session],
      check_ins: [event],
    })

    const run = on.db.run(undoCheckIn, { check_in_ids: [event.id] })

    await expect(run).rejects.toMatchObject({ code: 'not_found' })
  })

  test('refuses whose role does not check children in', async () => {
    const permissions = permissionsWithout('check_ins.record')

    const run = on.db.run(undoCheckIn, { check_in_ids: [came.id] }, { permissions })

    await expect(run).rejects.toMatchObject({ code: 'forbidden' })
  })
})
