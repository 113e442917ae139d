import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Benchmark } from './benchmark.ts'
import { durableRow } from './durable-row.ts'
import { figures, p99, timed } from './measure.ts'

const everyMs = 100

/**
 * Check-ins while the same desk loads everything anew beside its replica, as after a restored backup. Each begins at its
 * time, whether or not the one before is saved: so what stops the desk for a second counts for a second.
 */
export const checkInDuringSyncBenchmark: Benchmark = {
  name: 'check-in-during-sync',
  async run({ loneDesk, facility: { arriving }, sql }) {
    const desk = await loneDesk()
    await desk.drained()
    const sync = { isOver: false }
    const over = desk.push(({ push, data }) => push === 'tables-changed' && data.tables.includes('*'))
    void over.finally(() => {
      sync.isOver = true
    })
    await sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)

    const running: Promise<number>[] = []
    const limit: number[] = []
    const durable = durableRow(desk.profileFolder)
    const begin = performance.now()
    while (!sync.isOver) {
      const entries = arriving[running.length % arriving.length]?.entries.slice(0, 3) ?? []
      running.push(timed(async () => desk.command('check_in.record', { entries })))
      limit.push(await timed(durable.commit))
      await delay(Math.max(0, begin + running.length * everyMs - performance.now()))
    }
    const measured = await Promise.all(running)
    await over
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
