import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FacilitySize, generateFacility, type GeneratedFacility } from '../../build/demo/generate.ts'
import type { RowBatch } from '../../build/demo/insert.ts'
import { checkInWindow } from '../../src-shared/rules/check-in-window.ts'
import type { Table } from '../../src-shared/schema/table.ts'
import { serverTables, syncedTables } from '../../src-shared/schema/tables.ts'
import { instantOf } from '../../src-shared/time.ts'

const now = '2026-11-21T12:50:00.000Z'
const definitions: Readonly<Record<string, Table>> = { ...syncedTables, ...serverTables }

type AnyRow = Readonly<Record<string, unknown>>

const generate = (size: FacilitySize) => {
  const batches: RowBatch[] = []
  const generator = generateFacility(size)
  let next = generator.next()
  for (; !next.done; next = generator.next()) batches.push(next.value)
  const rowsOf = (table: string): readonly AnyRow[] =>
    batches.filter((batch) => batch.table === table).flatMap(({ rows }) => rows as readonly AnyRow[])
  const facility: GeneratedFacility = next.value
  return { batches, rowsOf, facility }
}

/** The first row that points at one that did not come before it. */
const firstOrphan = (batches: readonly RowBatch[]): string | undefined => {
  const seen = new Set<unknown>()
  for (const { table, rows } of batches) {
    const references = Object.entries(definitions[table]?.columns ?? {}).filter(([, column]) => column.references)
    for (const row of rows as readonly AnyRow[]) {
      seen.add(row['id'])
      const orphan = references.find(([name]) => row[name] !== null && !seen.has(row[name]))
      if (orphan) return `${table}.${orphan[0]}`
    }
  }
  return undefined
}

test('a generated facility has as many people and marks as it was asked for', () => {
  const { rowsOf } = generate({ people: 3000, marks: 12_345, now })

  expect(rowsOf('students').length + rowsOf('guardians').length).toBe(3000)
  expect(rowsOf('attendance_marks')).toHaveLength(12_345)
})

test('any size comes parents first, with no child twice in a session', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 900 }), (people, marks) => {
      const { batches, rowsOf } = generate({ people, marks, now })

      const places = rowsOf('bookings').map(
        (booking) => `${String(booking['session_id'])} ${String(booking['student_id'])}`,
      )
      expect(firstOrphan(batches)).toBeUndefined()
      expect(new Set(places).size).toBe(places.length)
    }),
    { numRuns: 25 },
  )
})

test('it is the same for the same seed, and another one for another', () => {
  const [first, again, other] = [1, 1, 2].map((seed) => generate({ people: 200, marks: 500, now, seed }).batches)

  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
})

test('it comes in batches of a few thousand rows', () => {
  const { batches } = generate({ people: 8000, marks: 80_000, now })

  expect(Math.max(...batches.map(({ rows }) => rows.length))).toBeLessThan(6000)
})

test('families of three can be checked in at the instant of the generation, also near midnight', () => {
  const { facility, rowsOf } = generate({ people: 1000, marks: 1000, now })
  const sessions = new Map(rowsOf('sessions').map((session) => [session['id'], session]))
  const policy = rowsOf('facilities')[0] as unknown as Parameters<typeof checkInWindow>[2]

  const windows = facility.arriving.flatMap(({ entries }) =>
    entries.map(({ session_id }) => {
      const session = sessions.get(session_id)
      const startsAt = instantOf(
        String(session?.['date']),
        String(session?.['starts_at']),
        String(session?.['time_zone']),
      )
      return checkInWindow(startsAt, now, policy)
    }),
  )

  expect(facility.arriving.length).toBeGreaterThan(10)
  expect(facility.arriving.every(({ entries }) => entries.length >= 3)).toBe(true)
  expect(windows.filter((window) => window !== 'open' && window !== 'late')).toEqual([])
})
