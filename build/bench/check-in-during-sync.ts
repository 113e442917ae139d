import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { BenchDesk } from './bench-desk.ts'
import type { Benchmark } from './benchmark.ts'
import { durableRow } from './durable-row.ts'
import { figures, p99, timed } from './measure.ts'
import type { Place } from './place.ts'
import type { Line } from './report.ts'
import { snapshotOf } from './snapshots.ts'

const everyMs = 100

/**
 * Check-ins while the same desk loads everything anew beside its replica, as after a restored backup: once by the log alone,
 * because the server has no snapshot of the new history yet, and once from a snapshot. Each begins at its time, whether or
 * not the one before is saved: so what stops the desk for a second counts for a second.
 */
export const checkInDuringSyncBenchmark: Benchmark = {
  name: 'check-in-during-sync',
  async run(place) {
    await snapshotOf(place)
    const desk = await place.loneDesk()
    await desk.drained()
    const byLog = await duringSync(place, desk, () => renewEpoch(place))

    await desk.stop()
    await renewEpoch(place)
    await snapshotOf(place)
    desk.start()
    const fromSnapshot = await duringSync(place, desk, () => desk.signIn())
    return [
      lineOf('family of three while a full sync runs, from a snapshot, p99', fromSnapshot),
      lineOf('the same by the log alone, p99', byLog),
    ]
  },
}

const renewEpoch = async ({ sql }: Place): Promise<unknown> =>
  sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)

interface Measured {
  readonly running: readonly number[]
  readonly limit: readonly number[]
}

const duringSync = async (
  { facility: { arriving } }: Place,
  desk: BenchDesk,
  begin: () => Promise<unknown>,
): Promise<Measured> => {
  const sync = { isOver: false }
  const over = desk.push(({ push, data }) => push === 'tables-changed' && data.tables.includes('*'))
  void over.finally(() => {
    sync.isOver = true
  })
  await begin()

  const running: Promise<number>[] = []
  const limit: number[] = []
  const durable = durableRow(desk.profileFolder)
  const started = performance.now()
  while (!sync.isOver) {
    const entries = arriving[running.length % arriving.length]?.entries.slice(0, 3) ?? []
    running.push(timed(async () => desk.command('check_in.record', { entries })))
    limit.push(await timed(durable.commit))
    await delay(Math.max(0, started + running.length * everyMs - performance.now()))
  }
  const measured = await Promise.all(running)
  await over
  durable.close()
  await desk.drained()
  return { running: measured, limit }
}

const lineOf = (what: string, { running, limit }: Measured): Line => ({
  benchmark: 'check-in-during-sync',
  what,
  value: p99(running),
  unit: 'ms',
  budget: 25,
  limit: { what: 'one durable commit of such a row', value: p99(limit) },
  figures: figures(running),
})
