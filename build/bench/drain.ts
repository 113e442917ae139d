import { performance } from 'node:perf_hooks'
import type { Benchmark } from './benchmark.ts'
import { executeDirectly } from './execute-directly.ts'
import { timed } from './measure.ts'
import type { Place } from './place.ts'

const mutations = 10_000

interface Entry {
  readonly student_id: string
  readonly session_id: string
}

export const placesToday = async ({ sql, facility }: Place): Promise<readonly Entry[]> =>
  sql<Entry>(
    `select b.student_id, b.session_id from bookings b join sessions s on s.id = b.session_id
     where s.facility_id = $1 and b.cancelled_at is null and s.status <> 'cancelled' and s.date >= current_date - 1
     order by b.id limit $2`,
    [facility.facilityId, mutations],
  )

/** A desk that was offline for a very long day: check-ins made with the server stopped, until the server has all. */
export const drainBenchmark: Benchmark = {
  name: 'drain',
  async run(place) {
    const desk = await place.loneDesk()
    await desk.drained()
    const places = await placesToday(place)
    const argsOf = (run: number) => ({ entries: places.slice(run % places.length, (run % places.length) + 1) })
    await place.stack.stopServer()
    const queueing = await timed(async () => {
      for (let run = 0; run < mutations; run += 1) await desk.command('check_in.record', argsOf(run))
    })
    const online = desk.push(({ push, data }) => push === 'sync-status' && data.online)
    const started = performance.now()
    await place.stack.startServer()
    await online
    const onlineAt = performance.now()
    await desk.drained()
    const seconds = (performance.now() - onlineAt) / 1000
    await desk.stop()
    place.log('… the same commands by the executor alone')
    const limit =
      (await executeDirectly(
        place,
        Array.from({ length: mutations }, (_, run) => argsOf(run)),
      )) / 1000
    desk.start()
    await desk.signIn()
    return [
      {
        benchmark: 'drain',
        what: `${mutations} queued check-ins, online to decided`,
        value: seconds,
        unit: 's',
        budget: 8,
        limit: { what: 'the server executor alone', value: limit },
        figures: { queueing: queueing / 1000, noticing_the_server: (onlineAt - started) / 1000 },
      },
    ]
  },
}
