import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Benchmark } from './benchmark.ts'
import type { Line } from './report.ts'

const programs = { 'data process': 'src-main/data/main.ts', 'sync server': 'sync-server/main.ts' }

/** Megabytes that each of our children with this program holds in memory. */
export const residentMb = (program: string): readonly number[] => {
  // Windows has no ps; nothing is reported there.
  const text = process.platform === 'win32' ? '' : execFileSync('ps', ['-axo', 'ppid=,rss=,args=']).toString()
  return text
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((found) => Number(found?.[1]) === process.pid && found?.[3]?.includes(program))
    .map((found) => Number(found?.[2]) / 1024)
}

/** The desk ends its thread for whole replicas, and the server its snapshot, within this time. */
const restMs = 20_000

/** What one desk and its server hold at rest, after all that they did in this run. */
export const memoryBenchmark: Benchmark = {
  name: 'memory',
  async run(place) {
    const desk = await place.loneDesk()
    await desk.drained()
    // What was only needed for a while is let go of by then.
    await delay(restMs)
    const lines = Object.entries(programs).map(([name, program]): Line => {
      const [value = Number.NaN] = residentMb(program)
      return { benchmark: 'memory', what: name, value, unit: 'MB' }
    })
    const sum = lines.reduce((total, { value }) => total + value, 0)
    return [...lines, { benchmark: 'memory', what: 'both', value: sum, unit: 'MB', budget: 400 }]
  },
}
