import { describe, expect, test } from 'vitest'
import { emptyScan, type ScanBuffer, stepScan } from '../../src-renderer/app/card-scan.ts'

/** Types a text with a pause between the keys, then Enter; answers the last step. */
const typeThenEnter = (text: string, gapMs: number) => {
  let at = 1000
  let buffer: ScanBuffer = emptyScan
  for (const key of text) {
    at += gapMs
    const step = stepScan(buffer, { key, at })
    if (step.kind === 'typing') buffer = step.buffer
  }
  return stepScan(buffer, { key: 'Enter', at: at + gapMs })
}

describe('a scanner', () => {
  test('is recognized by its speed', () => {
    expect(typeThenEnter('FAM-000123', 8)).toEqual({ kind: 'scanned', code: 'FAM-000123' })
  })

  test('is not a person who types fast', () => {
    expect(typeThenEnter('FAM-000123', 60)).toEqual({ kind: 'other' })
  })

  test('is not a roll over a few keys', () => {
    expect(typeThenEnter('asd', 5)).toEqual({ kind: 'other' })
  })

  test('may press Shift between its letters', () => {
    const typed: ScanBuffer = { text: 'FAM', lastAt: 1000 }

    expect(stepScan(typed, { key: 'Shift', at: 1005 })).toEqual({ kind: 'ignored' })
  })

  test('begins anew after a pause, so that what was typed before is no part of the code', () => {
    const typed: ScanBuffer = { text: 'ber', lastAt: 1000 }

    const step = stepScan(typed, { key: 'F', at: 2000 })

    expect(step).toEqual({ kind: 'typing', buffer: { text: 'F', lastAt: 2000 } })
  })
})
