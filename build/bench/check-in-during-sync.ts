import { setTimeout as delay } from 'node:timers/promises'
import type { Benchmark } from './benchmark.ts'
import { durableRow } from './durable-row.ts'
import { figures, p99, sample, timed } from './measure.ts'

const pauseMs = 50

/** Check-ins while the same desk loads everything anew beside its replica, as after a restored backup. */
export const checkInDuringSyncBenchmark: Benchmark = {
  name: 'check-in-during-sync',
  async run({ desk: deskOf, facility: { arriving }, sql }) {
    const { desk } = await deskOf(1)
    await desk.drained()
    const state = { isShown: false }
    const shown = desk.push(({ push, data }) => push === 'tables-changed' && data.tables.includes('*'))
    void shown.finally(() => {
      state.isShown = true
    })
    await sql('update server_epoch set epoch = gen_random_uuid()')

    const measured: number[] = []
    const limit: number[] = []
    const durable = durableRow(desk.profileFolder)
    for (let run = 0; !state.isShown; run += 1) {
      const entries = arriving[run % arriving.length]?.entries.slice(0, 3) ?? []
      measured.push(await timed(async () => desk.command('check_in.record', { entries })))
      limit.push(...(await sample({ warmUp: 0, runs: 1, work: durable.commit })))
      await delay(pauseMs)
    }
    await shown
    durable.close()
    await desk.drained()
    return [
      {
        benchmark: 'check-in-during-sync',
        what: 'family of three while a full sync runs, p99',
        value: p99(measured),
        unit: 'ms',
        budget: 25,
        limit: { what: 'one durable commit of such a row', value: p99(limit) },
        figures: figures(measured),
      },
    ]
  },
}
