import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { type BenchDesk, benchDesk, firstSync } from './bench-desk.ts'
import type { Benchmark } from './benchmark.ts'
import { copyMissed } from './copy-missed.ts'
import type { Place } from './place.ts'
import { snapshotOf, withoutSnapshots } from './snapshots.ts'

/** Rows that changed while the desk was off: about three weeks of a busy facility. */
const backlog = 100_000
const wantedSeconds = 60

/** Desks come back after weeks: from their start to having everything that there was. */
export const catchUpBenchmark: Benchmark = {
  name: 'catch-up',
  async run(place) {
    const desk = await place.loneDesk()
    const line = await withoutSnapshots(place.stack.serverUrl)
    const byLog = benchDesk(join(place.folder, `desk-log-${Date.now()}`))
    try {
      await firstSync(byLog, await place.createCode(), line.url)
      for (const each of [desk, byLog]) {
        await each.drained()
        await each.stop()
      }
      const before = await headOf(place)
      // What an update leaves as it was is in no log.
      await place.sql(`
        update bookings set kind = case kind when 'regular' then 'makeup' else 'regular' end
        where id in (select id from bookings order by id limit ${backlog})`)
      const figures = { entries_missed: (await headOf(place)) - before }
      const value = await comesBack(place, byLog)
      await snapshotBeyond(place, before)
      const withSnapshot = await comesBack(place, desk)
      const copy = await copyMissed(place, before)
      const limit = { what: 'COPY of what was missed into encrypted SQLite', value: copy }
      const common = { benchmark: 'catch-up', unit: 's', budget: wantedSeconds, limit, figures } as const
      return [
        { ...common, what: 'a desk after three weeks, start to up to date, by the log', value },
        { ...common, what: 'the same where the server has a newer snapshot', value: withSnapshot },
      ]
    } finally {
      await byLog.stop()
      line.stop()
    }
  },
}

/** Seconds from its start until it is up to date. */
const comesBack = async (place: Place, desk: BenchDesk): Promise<number> => {
  const begin = performance.now()
  desk.start()
  await desk.signIn()
  await reached(place, desk)
  const seconds = (performance.now() - begin) / 1000
  await desk.stop()
  return seconds
}

const headOf = async ({ sql, facility }: Place): Promise<number> => {
  const [row] = await sql<{ position: string }>(
    `select position from facility_heads where facility_id = $1 and audience = 'desk'`,
    [facility.facilityId],
  )
  return Number(row?.position)
}

/** As a server that has been running has one. */
const snapshotBeyond = async (place: Place, position: number): Promise<void> => {
  while ((await snapshotOf(place)).position <= position) await delay(1000)
}

/** Up to date: all that was there at the start has come, as the desk itself says. */
const reached = async ({ sql }: Place, desk: BenchDesk): Promise<void> => {
  const [row] = await sql<{ now: Date }>('select now() as now')
  const wanted = row?.now.toISOString() ?? ''
  while (((await desk.call('sync.status')).received_up_to ?? '') < wanted) await delay(100)
}
