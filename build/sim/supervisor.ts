import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { type Cluster, startCluster } from './cluster.ts'
import type { Plan } from './plan.ts'
import type { SeedOrder, SeedResult } from './run.ts'

export interface SeedsOrder {
  readonly from: number
  readonly count: number
  readonly workers: number
  /** What the people of one device do, at least. */
  readonly operations: number
  /** In place of what the seeds draw. */
  readonly plan?: Partial<Plan>
  /** Whether to stop at the first seed that fails. */
  readonly stopsEarly?: boolean
  /** What an earlier run has done of them: that is not done again. */
  readonly results?: readonly SeedResult[]
  /** Told of each seed that is done. */
  readonly onResult: (result: SeedResult, done: number) => void
  /** The simulator to run, a folder; in another copy of this repository for one that was changed on purpose. */
  readonly simulator?: string
}

/** What all seeds of an order together have shown. */
export interface Totals {
  readonly seeds: number
  readonly failed: readonly SeedResult[]
  readonly counts: Readonly<Record<string, number>>
  readonly virtualMs: number
  readonly cpuMs: number
}

/** A seed takes seconds, or a minute where others use the processor too; one that takes so long has hung, which is a failure. */
const longestSeedMs = 360_000

const noTotals: Totals = { seeds: 0, failed: [], counts: {}, virtualMs: 0, cpuMs: 0 }

const add = (totals: Totals, result: SeedResult): Totals => {
  const counts = { ...totals.counts }
  for (const [kind, count] of Object.entries(result.counts)) counts[kind] = (counts[kind] ?? 0) + count
  return {
    seeds: totals.seeds + 1,
    failed: result.violations.length > 0 ? [...totals.failed, result] : totals.failed,
    counts,
    virtualMs: totals.virtualMs + result.virtualMs,
    cpuMs: totals.cpuMs + result.cpuMs,
  }
}

const hung = (seed: number, why: string): SeedResult => ({
  seed,
  violations: [{ invariant: 'engine', message: why }],
  counts: {},
  virtualMs: 0,
  cpuMs: 0,
  digest: '',
  tail: [],
})

const simulatorOf = ({ simulator = import.meta.dirname }: SeedsOrder): string => simulator

/** Runs seeds on a PostgreSQL of its own, spread over child processes. */
export const runSeeds = async (order: SeedsOrder): Promise<Totals> => {
  const cluster = await startCluster(simulatorOf(order))
  try {
    return await runSeedsOn(cluster, order)
  } finally {
    await cluster.stop()
  }
}

const runSeedsOn = async (cluster: Cluster, order: SeedsOrder): Promise<Totals> => {
  const known = order.results ?? []
  let totals = known.reduce(add, noTotals)
  const done = new Set(known.map(({ seed }) => seed))
  const left = Array.from({ length: order.count }, (_, index) => order.from + index).filter((seed) => !done.has(seed))
  const isOver = (): boolean => order.stopsEarly === true && totals.failed.length > 0
  const work = async (): Promise<void> => {
    let worker: ChildProcess | undefined
    while (!isOver()) {
      const seed = left.shift()
      if (seed === undefined) break
      worker ??= await startWorker(cluster, order)
      const result = await runIn(worker, {
        seed,
        operations: order.operations,
        ...(order.plan && { plan: order.plan }),
      })
      if (!result.digest) {
        // It fell over, or was killed: the next seed gets a new one.
        worker.kill('SIGKILL')
        worker = undefined
      }
      totals = add(totals, result)
      order.onResult(result, totals.seeds)
    }
    if (worker) await endOf(worker)
  }
  await Promise.all(Array.from({ length: order.workers }, work))
  return totals
}

const startWorker = async ({ templateUrl }: Cluster, order: SeedsOrder): Promise<ChildProcess> => {
  const worker = fork(path.join(simulatorOf(order), 'worker.ts'), [templateUrl], {
    // Nearly all that a seed makes is forgotten at once: the fewer collections, the less is copied.
    execArgv: [...process.execArgv, '--max-semi-space-size=64'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await new Promise((resolve) => worker.once('message', resolve).once('exit', resolve))
  return worker
}

const runIn = (worker: ChildProcess, order: SeedOrder): Promise<SeedResult> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => finish(hung(order.seed, 'the run hung')), longestSeedMs)
    const onMessage = ({ result }: { readonly result: SeedResult }): void => finish(result)
    const onExit = (code: number | null): void => finish(hung(order.seed, `the simulator ended with ${code}`))
    const finish = (result: SeedResult): void => {
      clearTimeout(timer)
      worker.off('message', onMessage).off('exit', onExit)
      resolve(result)
    }
    worker.on('message', onMessage).on('exit', onExit)
    if (!worker.connected) onExit(worker.exitCode)
    else worker.send(order)
  })

const endOf = (worker: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => {
    worker.once('exit', resolve)
    worker.send('end')
  })
