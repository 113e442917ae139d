import { describe, expect, test } from 'vitest'
import { failureText } from '../../build/sim/report.ts'
import { runSeeds, type Totals } from '../../build/sim/supervisor.ts'
import { type KnownSeed, knownSeeds } from './seeds.ts'

/** As many as two cores get through in three minutes; `npm run sim` is for more, and for days of 200 operations. */
const freshSeeds = 100
const operations = 50

const run = (from: number, count: number, order?: Omit<KnownSeed, 'seed' | 'found'>): Promise<Totals> =>
  runSeeds({ from, count, workers: Math.min(2, count), operations, ...order, onResult: () => undefined })

const failuresOf = ({ failed }: Totals, count = operations): readonly string[] =>
  failed.map((each) => failureText(each, count))

describe('desks, server and PostgreSQL under simulated faults', () => {
  test(`keep every promise for ${freshSeeds} seeds that nobody has seen`, { timeout: 1_800_000 }, async () => {
    const from = Math.floor(Math.random() * 1_000_000_000)

    const totals = await run(from, freshSeeds)

    expect(failuresOf(totals)).toEqual([])
    expect(totals.seeds).toBe(freshSeeds)
    // A simulator that looked at nothing would pass too.
    for (const invariant of ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9']) {
      expect(totals.counts[`check ${invariant}`]).toBeGreaterThanOrEqual(freshSeeds)
    }
  })

  test.each(knownSeeds)('seed $seed stays mended: $found', { timeout: 600_000 }, async ({ seed, ...order }) => {
    const totals = await run(seed, 1, order)

    expect(failuresOf(totals, order.operations)).toEqual([])
  })

  test('a seed that fails says how it is made again', () => {
    const failed = { seed: 7, violations: [], counts: {}, virtualMs: 0, cpuMs: 0, digest: '', tail: [] }

    expect(failureText(failed, operations)).toContain(`npm run sim -- --seed 7 --operations ${operations}`)
  })

  test('the same seed gives the same history, to the last row', { timeout: 600_000 }, async () => {
    const digests: string[] = []
    for (const onResult of [1, 2].map(
      () =>
        ({ digest }: { readonly digest: string }) =>
          digests.push(digest),
    )) {
      await runSeeds({ from: 4711, count: 1, workers: 1, operations, onResult })
    }

    expect(digests).toHaveLength(2)
    expect(digests[0]).toBe(digests[1])
  })
})
