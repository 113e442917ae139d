import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Benchmark } from './benchmark.ts'
import { figures, median, p99 } from './measure.ts'
import { notifyRoundTrips } from './notify-round-trip.ts'

const everyMs = 100
const warmUp = 20
const writes = 150

/** From "saved" at one desk until the window of the other is told to read again, at ten writes a second. */
export const otherDeskBenchmark: Benchmark = {
  name: 'other-desk',
  async run(place) {
    const [{ desk: here }, { desk: there }] = [await place.desk(1), await place.desk(2)]
    await here.drained()
    const { arriving } = place.facility
    const all: number[] = []
    for (let run = 0; run < warmUp + writes; run += 1) {
      const next = performance.now() + everyMs
      const told = there.push(({ push, data }) => push === 'tables-changed' && data.tables.includes('check_ins'))
      await here.command('check_in.record', { entries: arriving[run % arriving.length]?.entries.slice(0, 1) ?? [] })
      const savedAt = performance.now()
      await told
      all.push(performance.now() - savedAt)
      await delay(Math.max(0, next - performance.now()))
    }
    const measured = all.slice(warmUp)
    const floor = await notifyRoundTrips(place, writes)
    const limit = { what: 'insert, NOTIFY and reading the row', value: median(floor) }
    const line = { benchmark: 'other-desk', unit: 'ms' } as const
    return [
      { ...line, what: 'saved to shown there, p50', value: median(measured), budget: 8, limit },
      {
        ...line,
        what: 'saved to shown there, p99',
        value: p99(measured),
        budget: 40,
        limit: { ...limit, value: p99(floor) },
        figures: figures(measured),
      },
    ]
  },
}
