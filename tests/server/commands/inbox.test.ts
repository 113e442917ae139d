import { describe, expect, test } from 'vitest'
import { acceptItem } from '../../../src-shared/commands/inbox/accept.ts'
import { dropItem } from '../../../src-shared/commands/inbox/drop.ts'
import { redoItem } from '../../../src-shared/commands/inbox/redo.ts'
import { recordCheckIn } from '../../../src-shared/commands/record-check-in.ts'
import { recordCheckOut } from '../../../src-shared/commands/record-check-out.ts'
import { formatHlc } from '../../../src-shared/hlc.ts'
import { presenceOf } from '../../../src-shared/rules/attendance.ts'
import * as build from '../../support/academy.ts'
import { databases, newMutationId, permissionsWithout, rowId, useDatabase } from '../../support/both-databases.ts'
import {
  about,
  again,
  checkIn,
  counter,
  follower,
  merged,
  notice,
  payment,
  place,
  poolDesk,
  rows,
} from '../../support/inbox-academy.ts'

describe.each(databases)('an item of the inbox, on %s', (_name, open) => {
  const on = useDatabase(open, rows)
  const settled = async () => (await on.db.rows('inbox_settlements')).map(({ id, state }) => [id, state] as const)

  test('is accepted by somebody, with the time, the desk and a note', async () => {
    await on.db.run(acceptItem, { ...about(checkIn), note: 'Seen' })

    expect(await on.db.rows('inbox_settlements')).toEqual([
      {
        id: checkIn.id,
        facility_id: build.academy.facility_id,
        state: 'accepted',
        note: 'Seen',
        redone_by: null,
        at: '2026-11-21T05:12:00.000Z',
        staff_id: build.academy.staff_id,
        device_id: build.academy.device_id,
      },
    ])
  })

  test('is dropped with a reason only', async () => {
    await expect(on.db.run(dropItem, { ...about(checkIn), note: ' ' })).rejects.toMatchObject({ code: 'invalid_input' })

    await on.db.run(dropItem, { ...about(checkIn), note: 'She stayed at home' })

    expect(await settled()).toEqual([[checkIn.id, 'dropped']])
  })

  test('is done again with other arguments, and both stand together', async () => {
    const mutationId = newMutationId()
    const args = { entries: [{ ...place, student_id: counter.children[1].id }] }

    await on.db.run(redoItem, again(checkIn, args), { mutationId })

    expect(await on.db.rows('check_ins')).toMatchObject([{ id: rowId(mutationId, 1), ...args.entries[0] }])
    expect(await on.db.rows('inbox_settlements')).toMatchObject([{ state: 'redone', redone_by: mutationId }])
  })

  test('that tells when a child came tells so still, done again after the child left', async () => {
    const early = { ...checkIn, id: build.newId(), at: '2026-11-21T04:30:00.000Z' }
    await on.db.seed({ mutation_outcomes: [early] })
    const clock = (at: string) => ({ at, hlc: formatHlc({ ms: Date.parse(at), counter: 0 }, build.academy.device_id) })
    await on.db.run(recordCheckIn, { entries: [place] }, clock('2026-11-21T04:40:00.000Z'))
    await on.db.run(recordCheckOut, { entries: [place], guardian_id: null }, clock('2026-11-21T05:30:00.000Z'))

    await on.db.run(redoItem, again(early, { entries: [place] }), clock('2026-11-22T00:00:00.000Z'))

    expect(presenceOf(await on.db.rows('check_ins'))).toMatchObject({
      in: { at: early.at },
      out: { at: '2026-11-21T05:30:00.000Z' },
    })
  })

  test('stays open when doing it again is refused (X3)', async () => {
    const args = { entries: [{ ...place, student_id: build.newId() }] }

    await expect(on.db.run(redoItem, again(checkIn, args))).rejects.toMatchObject({ code: 'not_booked' })
    await expect(on.db.run(redoItem, again(checkIn, { nonsense: 1 }))).rejects.toMatchObject({ code: 'invalid_input' })

    expect([await settled(), await on.db.rows('check_ins')]).toEqual([[], []])
  })

  test('is done again by who may do it only, and as what it was only', async () => {
    const args = { entries: [place] }
    const permissions = permissionsWithout('check_ins.record')

    await expect(on.db.run(redoItem, again(checkIn, args), { permissions })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(on.db.run(redoItem, { ...again(checkIn, payment), command: 'payment.take' })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    await expect(on.db.run(redoItem, { ...again(checkIn, args), version: 7 })).rejects.toMatchObject({
      code: 'unknown_command',
    })

    expect(await settled()).toEqual([])
  })

  test('is settled by who could have done it, whoever did it (B9)', async () => {
    const elsewhere = { staffId: build.academy.staff_id, deviceId: poolDesk.id }

    await on.db.run(acceptItem, { ...about(checkIn), note: null }, elsewhere)
    await expect(
      on.db.run(acceptItem, { ...about(merged), note: null }, { permissions: permissionsWithout('payments.take') }),
    ).rejects.toMatchObject({ code: 'forbidden' })

    expect(await settled()).toEqual([[checkIn.id, 'accepted']])
  })

  test('that is not there cannot be settled', async () => {
    await expect(on.db.run(acceptItem, { ...about({ id: build.newId() }), note: null })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  test('that was merged has had its effect, and is not done again', async () => {
    await expect(on.db.run(redoItem, again(merged, payment))).rejects.toMatchObject({ code: 'invalid_input' })

    expect(await on.db.rows('payments')).toEqual([])
  })

  test('takes along what follows from it, as far as the person saw it, and nothing else (S7, X4)', async () => {
    await expect(on.db.run(dropItem, { ...about(checkIn, [merged]), note: 'No' })).rejects.toMatchObject({
      code: 'invalid_input',
    })

    await on.db.run(dropItem, { ...about(checkIn, [follower]), note: 'Nobody came' })

    expect(new Map(await settled())).toEqual(
      new Map([
        [checkIn.id, 'dropped'],
        [follower.id, 'dropped'],
      ]),
    )
  })

  test('that is done again takes along only what was about it: the rest is still to be done', async () => {
    const args = { entries: [place] }
    await expect(on.db.run(redoItem, { ...again(checkIn, args), ...about(checkIn, [follower]) })).rejects.toMatchObject(
      { code: 'invalid_input' },
    )

    await on.db.run(redoItem, { ...again(checkIn, args), ...about(checkIn, [notice]) })

    expect(new Map(await settled())).toEqual(
      new Map([
        [checkIn.id, 'redone'],
        [notice.id, 'accepted'],
      ]),
    )
  })
})

describe.each(databases)('an item that somebody has settled, on %s', (_name, open) => {
  const on = useDatabase(open, rows)

  test('tells the one who is later who it was, when, and how (X2)', async () => {
    await on.db.run(dropItem, { ...about(checkIn), note: 'Nobody came' })

    const later = { code: 'already_settled', details: { state: 'dropped', staff_id: build.academy.staff_id } }
    await expect(on.db.run(dropItem, { ...about(checkIn), note: 'No' })).rejects.toMatchObject(later)
    await expect(on.db.run(acceptItem, { ...about(checkIn), note: null })).rejects.toMatchObject(later)
    await expect(on.db.run(redoItem, again(checkIn, { entries: [place] }))).rejects.toMatchObject(later)
    expect(await on.db.rows('check_ins')).toEqual([])
    expect(await on.db.rows('inbox_settlements')).toMatchObject([{ note: 'Nobody came' }])
  })

  test('is not told to who accepts what was accepted: so no item ever leads to another one for ever (X2)', async () => {
    await on.db.run(acceptItem, { ...about(notice), note: 'First' })

    expect(await on.db.run(acceptItem, { ...about(notice), note: 'Second' })).toBeUndefined()

    expect(await on.db.rows('inbox_settlements')).toMatchObject([{ id: notice.id, note: 'First' }])
  })

  test('cannot be a notice that is dropped or done again: it is only read', async () => {
    await expect(on.db.run(dropItem, { ...about(notice), note: 'No' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(on.db.run(redoItem, again(notice, {}))).rejects.toMatchObject({ code: 'invalid_input' })
  })
})
