import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { allRows, type BenchDesk } from './bench-desk.ts'
import type { Benchmark } from './benchmark.ts'
import { durableRow } from './durable-row.ts'
import { figures, p99, timed } from './measure.ts'
import type { Place } from './place.ts'
import type { Line } from './report.ts'
import { snapshotOf } from './snapshots.ts'

const everyMs = 100

/** A load from a snapshot takes some seconds, too few for a p99. */
const loads = 5

/**
 * Check-ins while the same desk loads everything: from a snapshot, after its replica was lost, with today there at once; then
 * beside its replica by the log alone, as after a restored backup, because the server has no snapshot of the new history
 * yet. Each begins at its time, whether or not the one before is saved: so what stops the desk for a second counts for a
 * second.
 */
export const checkInDuringSyncBenchmark: Benchmark = {
  name: 'check-in-during-sync',
  async run(place) {
    await snapshotOf(place)
    const desk = await place.loneDesk()
    await desk.drained()
    const fromSnapshot: Measured[] = []
    for (let load = 0; load < loads; load += 1) {
      await desk.stop()
      removeReplica(desk)
      desk.start()
      await desk.signIn()
      fromSnapshot.push(await during(allRows(desk), place, desk))
    }

    const renewed = desk.push(({ push, data }) => push === 'tables-changed' && data.tables.includes('*'))
    await place.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)
    const byLog = await during(renewed, place, desk)
    return [
      lineOf('family of three while the rest of a first sync runs, from a snapshot, p99', together(fromSnapshot)),
      lineOf('the same while everything comes anew by the log alone, p99', byLog),
    ]
  },
}

/** As if the disk had lost it: the next start is a first sync. */
const removeReplica = ({ profileFolder }: BenchDesk): void => {
  const files = readdirSync(profileFolder).filter((file) => file.startsWith('replica-'))
  for (const file of files) rmSync(join(profileFolder, file))
}

interface Measured {
  readonly running: readonly number[]
  readonly limit: readonly number[]
}

const together = (all: readonly Measured[]): Measured => ({
  running: all.flatMap(({ running }) => running),
  limit: all.flatMap(({ limit }) => limit),
})

const during = async (
  over: Promise<unknown>,
  { facility: { arriving } }: Place,
  desk: BenchDesk,
): Promise<Measured> => {
  const sync = { isOver: false }
  void over.finally(() => {
    sync.isOver = true
  })

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
