import type { Benchmark } from './benchmark.ts'
import { copyIntoSqlite } from './copy-into-sqlite.ts'
import { median } from './measure.ts'

const wanted = 300_000

/** Two new computers, one after the other: from the code typed in to a counter that can be used. */
export const firstSyncBenchmark: Benchmark = {
  name: 'first-sync',
  async run(place) {
    const syncs = [(await place.desk(1)).firstSync, (await place.desk(2)).firstSync]
    const copy = await copyIntoSqlite(place)
    return [
      {
        benchmark: 'first-sync',
        what: 'rows/s, enroll to usable counter, median of 2',
        value: median(syncs.map(({ rows, seconds }) => rows / seconds)),
        unit: 'rows/s',
        budget: wanted,
        limit: { what: 'COPY into encrypted SQLite, with its indexes', value: copy.rows / copy.seconds },
        figures: {
          rows: syncs[0]?.rows ?? 0,
          seconds: median(syncs.map(({ seconds }) => seconds)),
          limit_seconds: copy.seconds,
        },
      },
    ]
  },
}
