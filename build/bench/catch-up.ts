import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { BenchDesk } from './bench-desk.ts'
import type { Benchmark } from './benchmark.ts'
import type { Place } from './place.ts'
import { snapshotOf } from './snapshots.ts'

/** Rows that changed while the desk was off: about three weeks of a busy facility. */
const backlog = 100_000
const wantedSeconds = 60

/** A desk comes back after weeks: from its start to having everything that there was. */
export const catchUpBenchmark: Benchmark = {
  name: 'catch-up',
  async run(place) {
    const desk = await place.loneDesk()
    await desk.drained()
    await desk.stop()
    const before = await headOf(place)
    await place.sql(`update bookings set id = id where id in (select id from bookings order by id limit ${backlog})`)
    const after = await headOf(place)
    await snapshotBeyond(place, before)

    const begin = performance.now()
    desk.start()
    await desk.signIn()
    await reached(place, desk)
    const seconds = (performance.now() - begin) / 1000
    return [
      {
        benchmark: 'catch-up',
        what: 'a desk after three weeks, start to up to date',
        value: seconds,
        unit: 's',
        budget: wantedSeconds,
        figures: { entries_missed: after - before },
      },
    ]
  },
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
