import { join } from 'node:path'
import { benchDesk, firstSync, type FirstSync } from './bench-desk.ts'
import type { Benchmark } from './benchmark.ts'
import { copyIntoSqlite } from './copy-into-sqlite.ts'
import { median } from './measure.ts'
import type { Place } from './place.ts'
import type { Line } from './report.ts'
import { shipReadyFile } from './ready-file.ts'
import { readyFileOf, snapshotOf, withoutSnapshots } from './snapshots.ts'

/** DESIGN §12. */
const wanted = 300_000

const rateOf = ({ rows, seconds }: FirstSync): number => rows / seconds

/** New computers, one after the other: from the code typed in to a counter that can be used, and to all rows. */
export const firstSyncBenchmark: Benchmark = {
  name: 'first-sync',
  async run(place) {
    const manifest = await snapshotOf(place)
    const bare = await shipReadyFile(readyFileOf(place), place.folder)
    const syncs = [(await place.desk(1)).firstSync, (await place.desk(2)).firstSync]
    const bareAfter = await shipReadyFile(readyFileOf(place), place.folder)
    const logAlone = await syncByTheLog(place)
    const copy = await copyIntoSqlite(place)
    const limitSeconds = median([bare.seconds, bareAfter.seconds])
    const fromSnapshot: Line = {
      benchmark: 'first-sync',
      what: 'rows/s, enroll to every row there, median of 2',
      value: median(syncs.map(rateOf)),
      unit: 'rows/s',
      budget: wanted,
      limit: { what: 'a ready file over HTTP (zstd), not encrypted', value: manifest.rows / limitSeconds },
      figures: {
        rows: syncs[0]?.rows ?? 0,
        seconds: median(syncs.map(({ seconds }) => seconds)),
        limit_seconds: limitSeconds,
        sent_megabytes: manifest.parts.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6,
        limit_megabytes: bare.megabytes,
      },
    }
    const usable: Line = {
      benchmark: 'first-sync',
      what: 'enroll to usable counter (today and the people), median of 2',
      value: median(syncs.map(({ usableSeconds }) => usableSeconds)),
      unit: 's',
      limit: { what: 'the whole ready file over HTTP, not encrypted', value: limitSeconds },
    }
    const fromLog: Line = {
      benchmark: 'first-sync',
      what: 'the same without a snapshot, by the log alone',
      value: rateOf(logAlone),
      unit: 'rows/s',
      limit: { what: 'COPY into encrypted SQLite, with its indexes', value: copy.rows / copy.seconds },
      figures: { rows: logAlone.rows, seconds: logAlone.seconds, limit_seconds: copy.seconds },
    }
    return [fromSnapshot, usable, fromLog]
  },
}

const syncByTheLog = async (place: Place): Promise<FirstSync> => {
  const server = await withoutSnapshots(place.stack.serverUrl)
  const desk = benchDesk(join(place.folder, `desk-log-${Date.now()}`))
  try {
    return await firstSync(desk, await place.createCode(), server.url)
  } finally {
    await desk.stop()
    server.stop()
  }
}
