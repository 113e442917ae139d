import { describe, expect, test } from 'vitest'
import { recordCheckOut } from '../../../src-shared/commands/record-check-out.ts'
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
const [mia, leo] = counter.children
const { id: session_id, class_id } = counter.session
const mother = counter.rows.guardians[0]?.id ?? ''
const came = build.checkIn({ session_id, student_id: mia.id })
const entries = [{ student_id: mia.id, session_id }]

describe.each(databases)('check_out.record on %s', (_name, open) => {
  const on = useDatabase(open, { ...counter.rows, check_ins: [came] })

  test('keeps who collected the child', async () => {
    const mutationId = newMutationId()

    await on.db.run(recordCheckOut, { entries, guardian_id: mother }, { mutationId, hlc: hlcOf(4) })

    const events = await on.db.rows('check_ins')
    expect(events).toContainEqual({
      ...came,
      id: rowId(mutationId, 1),
      kind: 'out',
      guardian_id: mother,
      at: clickedAt,
      hlc: hlcOf(4),
    })
    expect(presenceOf(events)).toMatchObject({ in: { id: came.id }, out: { id: rowId(mutationId, 1) } })
  })

  test('takes a child that leaves with nobody of the family', async () => {
    await on.db.run(recordCheckOut, { entries, guardian_id: null })

    expect(await on.db.rows('check_ins')).toContainEqual(expect.objectContaining({ kind: 'out', guardian_id: null }))
  })

  test('twice is kept twice, and the later one counts', async () => {
    const second = newMutationId()

    await on.db.run(recordCheckOut, { entries, guardian_id: mother })
    await on.db.run(recordCheckOut, { entries, guardian_id: null }, { mutationId: second })

    expect(presenceOf(await on.db.rows('check_ins')).out).toEqual({ id: rowId(second, 1), at: clickedAt })
  })

  test('lets a child leave a session that was cancelled when it was there already', async () => {
    const stopped = build.session({ class_id, status: 'cancelled' })
    await on.db.seed({
      sessions: [stopped],
      bookings: [build.booking({ session_id: stopped.id, student_id: mia.id })],
      check_ins: [build.checkIn({ session_id: stopped.id, student_id: mia.id })],
    })

    await on.db.run(recordCheckOut, {
      entries: [{ student_id: mia.id, session_id: stopped.id }],
      guardian_id: mother,
    })

    const events = (await on.db.rows('check_ins')).filter((event) => event.session_id === stopped.id)
    expect(presenceOf(events).out).toBeDefined()
  })

  test('takes an adult of the other household of a child of two', async () => {
    const father = build.family({ name: 'Lind' })
    const collects = build.guardian({ family_id: father.id })
    await on.db.seed({
      families: [father],
      family_facilities: [{ id: build.newId(), family_id: father.id, facility_id: build.academy.facility_id }],
      guardians: [collects],
      family_students: [build.childOf(father, mia)],
    })

    await on.db.run(recordCheckOut, { entries, guardian_id: collects.id })

    expect(await on.db.rows('check_ins')).toContainEqual(expect.objectContaining({ guardian_id: collects.id }))
  })

  test('refuses an adult of another family', async () => {
    const friends = build.family({ name: 'Okoro' })
    const friend = build.guardian({ family_id: friends.id })
    const ada = build.student()
    await on.db.seed({
      families: [friends],
      family_facilities: [{ id: build.newId(), family_id: friends.id, facility_id: build.academy.facility_id }],
      guardians: [friend],
      students: [ada],
      family_students: [build.childOf(friends, ada)],
    })

    const run = on.db.run(recordCheckOut, { entries, guardian_id: friend.id })

    await expect(run).rejects.toMatchObject({ code: 'not_found', details: { guardian_id: friend.id } })
    expect(await on.db.rows('check_ins')).toEqual([came])
  })

  test('refuses an adult whom nobody knows', async () => {
    const run = on.db.run(recordCheckOut, { entries, guardian_id: build.newId() })

    await expect(run).rejects.toMatchObject({ code: 'not_found' })
  })

  test('refuses a child that is not checked in, and with it all others', async () => {
    const both = [...entries, { student_id: leo.id, session_id }]

    const run = on.db.run(recordCheckOut, { entries: both, guardian_id: null })

    await expect(run).rejects.toMatchObject({ code: 'not_checked_in', details: { student_id: leo.id } })
    expect(await on.db.rows('check_ins')).toEqual([came])
  })

  test('refuses a child whose check-in was undone', async () => {
    await on.db.run(undoCheckIn, { check_in_ids: [came.id] })

    const run = on.db.run(recordCheckOut, { entries, guardian_id: null })

    await expect(run).rejects.toMatchObject({ code: 'not_checked_in' })
  })

  test('refuses a session that is not there', async () => {
    const unknown = [{ student_id: mia.id, session_id: build.newId() }]

    const run = on.db.run(recordCheckOut, { entries: unknown, guardian_id: null })

    await expect(run).rejects.toMatchObject({ code: 'not_found' })
  })

  test('refuses whose role does not check children out', async () => {
    const permissions = permissionsWithout('check_ins.record')

    const run = on.db.run(recordCheckOut, { entries, guardian_id: null }, { permissions })

    await expect(run).rejects.toMatchObject({ code: 'forbidden' })
  })
})
