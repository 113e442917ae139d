import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effectiveMark, isRecorded, presenceOf } from '../../../src-shared/rules/attendance.ts'
import { attendanceCodes } from '../../../src-shared/schema/tables/attendance-marks.ts'

const hlc = fc.integer({ min: 0, max: 50 }).map((n) => `${n.toString(16).padStart(12, '0')}-0000-00000001`)
const marks = fc.uniqueArray(fc.record({ id: fc.uuid(), code: fc.constantFrom(...attendanceCodes), hlc }), {
  selector: ({ id }) => id,
  maxLength: 6,
})
const shuffled = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length })

const event = (id: string, kind: 'in' | 'out' | 'undo', minute: number, undoes_id: string | null = null) => ({
  id,
  kind,
  at: `2026-11-21T05:${String(minute).padStart(2, '0')}:00.000Z`,
  hlc: `${minute.toString(16).padStart(12, '0')}-0000-00000001`,
  undoes_id,
})

describe('the mark that counts', () => {
  test('is the same in whatever order marks arrive, however often (B6)', () => {
    fc.assert(
      fc.property(
        marks.chain((list) => fc.tuple(fc.constant(list), shuffled([...list, ...list]))),
        ([list, again]) => {
          expect(effectiveMark(again)).toEqual(effectiveMark(list))
        },
      ),
    )
  })

  test('is none when nobody marked, which is neither present nor absent (U15)', () => {
    const nobody = effectiveMark<{ id: string; code: 'present'; hlc: string }>([])

    expect(nobody).toBeUndefined()
    expect(isRecorded(undefined)).toBe(false)
    expect(isRecorded({ code: 'not_recorded' })).toBe(false)
    expect(isRecorded({ code: 'absent' })).toBe(true)
  })
})

describe('check-ins', () => {
  test('of two desks fold into one presence, the earliest (MERGE)', () => {
    const presence = presenceOf([event('b', 'in', 14), event('a', 'in', 12)])

    expect(presence).toMatchObject({ in: { id: 'a' }, count: 2, out: undefined })
  })

  test('that were undone do not count, and the other desk’s still does', () => {
    const presence = presenceOf([event('a', 'in', 12), event('b', 'in', 14), event('c', 'undo', 15, 'a')])

    expect(presence).toMatchObject({ in: { id: 'b' }, count: 1 })
  })

  test('end with the latest check-out', () => {
    const presence = presenceOf([event('a', 'in', 12), event('c', 'out', 40), event('b', 'out', 35)])

    expect(presence.out?.id).toBe('c')
  })

  test('of a child that came back are not over: it is here', () => {
    const presence = presenceOf([event('a', 'in', 12), event('b', 'out', 20), event('c', 'in', 25)])

    expect(presence).toMatchObject({ in: { id: 'a' }, out: undefined, count: 2 })
  })

  test('fold to the same in whatever order the events arrive (B6)', () => {
    const kinds = fc.constantFrom('in' as const, 'out' as const, 'undo' as const)
    const events = fc
      .array(fc.record({ kind: kinds, minute: fc.nat(20), undoes: fc.nat(5) }), { maxLength: 6 })
      .map((list) =>
        list.map(({ kind, minute, undoes }, index) =>
          event(`${index}`, kind, minute, kind === 'undo' ? `${undoes}` : null),
        ),
      )
    fc.assert(
      fc.property(
        events.chain((list) => fc.tuple(fc.constant(list), shuffled(list))),
        ([list, again]) => {
          expect(presenceOf(again)).toEqual(presenceOf(list))
        },
      ),
    )
  })
})
