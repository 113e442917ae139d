import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { changed, openRecord, OtherRecord } from '../../build/sim/record.ts'
import type { SeedResult } from '../../build/sim/run.ts'

const wanted = { from: 7, operations: 200, commit: 'abc', isMixed: false }

const result = (seed: number): SeedResult => ({
  seed,
  violations: [{ invariant: 'I1', message: 'lost' }],
  counts: { events: 3 },
  virtualMs: 1,
  cpuMs: 2,
  digest: 'd',
  tail: ['what happened'],
})

describe('the record of a long run', () => {
  let folder = ''
  let file = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'foyer-record-'))
    file = join(folder, 'record')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('knows what an earlier run has done, and where that began', () => {
    openRecord(file, wanted).add(result(8))

    const again = openRecord(file, { ...wanted, from: undefined })

    expect(again.results).toEqual([result(8)])
    expect(again.order.from).toBe(7)
  })

  test('goes on behind the line that a kill has cut', () => {
    openRecord(file, wanted).add(result(7))
    appendFileSync(file, '{"seed":8,"oper')

    openRecord(file, wanted).add(result(9))

    expect(openRecord(file, wanted).results.map(({ seed }) => seed)).toEqual([7, 9])
  })

  test('takes no seed of another program, unless told so', () => {
    openRecord(file, wanted).add(result(7))
    const other = { ...wanted, commit: 'def' }

    expect(() => openRecord(file, other)).toThrow(OtherRecord)

    openRecord(file, { ...other, isMixed: true }).add(result(8))
    const commits = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((text) => (JSON.parse(text) as { commit: string }).commit)
    expect(commits).toEqual(['abc', 'def'])
  })

  test('does not take two changed programs for the same', () => {
    const dirty = { ...wanted, commit: `abc${changed}` }
    openRecord(file, dirty).add(result(7))

    expect(() => openRecord(file, dirty)).toThrow(OtherRecord)
  })

  test.each([{ operations: 50 }, { from: 8 }])('does not mix seeds of another order: %o', (order) => {
    openRecord(file, wanted).add(result(7))

    expect(() => openRecord(file, { ...wanted, ...order })).toThrow(OtherRecord)
  })
})
