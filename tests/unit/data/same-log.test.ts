import { describe, expect, test } from 'vitest'
import type { LogEvent } from '../../../src-main/data/sync/feed.ts'
import { sameLog } from '../../../src-main/data/sync/same-log.ts'

const handleOf = (nonce: string): string =>
  `01990000-0000-7000-8000-000000000001.desk.01990000-0000-7000-8000-000000000002.${nonce}`
const [handle, another] = [handleOf('aaaaaaaaaaaa'), handleOf('bbbbbbbbbbbb')]

const entries = (...positions: readonly number[]): LogEvent => ({
  kind: 'entries',
  entries: positions.map((position) => ({ position, table_name: 'families', row_id: `row ${position}`, row: null })),
})
const upToDate = (position: number): LogEvent => ({ kind: 'up-to-date', position, serverTime: undefined })

describe('a stream of the log (F5, N8)', () => {
  test('may go on, stand still, and end', () => {
    const look = sameLog({ position: 7, handle })

    expect(() => {
      look(entries(8, 9), handle)
      look(entries(12), handle)
      look(upToDate(12), handle)
      look(upToDate(12), handle)
      look(entries(13), handle)
      look({ kind: 'must-refetch' }, another)
    }).not.toThrow()
  })

  test('may begin under whatever handle the server gives', () => {
    const look = sameLog({ position: 0, handle: undefined })

    expect(() => look(entries(1), handle)).not.toThrow()
    expect(() => look(entries(2), another)).toThrow('anew')
  })

  test('is not followed under another handle', () => {
    const look = sameLog({ position: 7, handle })

    expect(() => look(upToDate(9), another)).toThrow('anew')
  })

  test.each([
    ['entries that were there', entries(7, 8)],
    ['an end that was passed', upToDate(8)],
  ])('is not followed back, also under its own handle: %s', (_what, event) => {
    const look = sameLog({ position: 7, handle })
    look(entries(8, 9), handle)

    expect(() => look(event, handle)).toThrow('back')
  })

  test('of a plain Electric service comes in any order', () => {
    const look = sameLog({ position: 7, handle: '26-1732' })

    expect(() => look(entries(3, 1), '26-1732')).not.toThrow()
  })
})
