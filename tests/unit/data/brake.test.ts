import { describe, expect, test } from 'vitest'
import { largeLoss, largeRemoval } from '../../../src-main/data/sync/brake.ts'
import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'

const entry = (id: number, row: LogEntry['row']): LogEntry => ({
  position: id,
  table_name: 'students',
  row_id: `row-${id}`,
  row,
})
const removals = (count: number) => Array.from({ length: count }, (_, index) => entry(index, null))

const present = (rows: readonly LogEntry[]): number => rows.length

describe('the brake for mass removals (S11)', () => {
  test('holds more than a twentieth of the facility', async () => {
    expect(await largeRemoval(removals(60), { present, rows: async () => 1000 })).toEqual({ removed: 60, rows: 1000 })
    expect(await largeRemoval(removals(60), { present, rows: async () => 1200 })).toBeUndefined()
  })

  test('lets a family go from a small academy without counting it', async () => {
    const rows = (): Promise<number> => {
      throw new Error('counted')
    }

    expect(await largeRemoval(removals(49), { present, rows })).toBeUndefined()
  })

  test('does not count what was never here', async () => {
    expect(await largeRemoval(removals(60), { present: () => 49, rows: async () => 100 })).toBeUndefined()
  })

  test('does not count what comes back in the same batch', async () => {
    const entries = [...removals(60), ...removals(60).map(({ row_id }) => ({ ...entry(1, {}), row_id }))]

    expect(await largeRemoval(entries, { present, rows: async () => 100 })).toBeUndefined()
  })

  test('looks at a whole new replica as well', () => {
    expect(largeLoss(1000, 900)).toEqual({ removed: 100, rows: 1000 })
    expect(largeLoss(1000, 2000)).toBeUndefined()
  })
})
