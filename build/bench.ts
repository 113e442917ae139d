/** `npm run bench -- [names] [--json] [--people n] [--marks n] [--data folder]`: how fast it is, beside its limits. */
import { mkdtempSync, rmSync, chmodSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Benchmark } from './bench/benchmark.ts'
import { catchUpBenchmark } from './bench/catch-up.ts'
import { checkInDuringSyncBenchmark } from './bench/check-in-during-sync.ts'
import { checkInBenchmark } from './bench/check-in.ts'
import { drainBenchmark } from './bench/drain.ts'
import { familyBenchmark } from './bench/family.ts'
import { firstSyncBenchmark } from './bench/first-sync.ts'
import { memoryBenchmark } from './bench/memory.ts'
import { otherDeskBenchmark } from './bench/other-desk.ts'
import { openPlace, type Place } from './bench/place.ts'
import { queueBenchmark } from './bench/queue.ts'
import { type Line, toJson, toTable } from './bench/report.ts'
import { searchBenchmark } from './bench/search.ts'
import { startBenchmark } from './bench/start.ts'

/** In this order, because the later ones leave more behind. */
const benchmarks: readonly Benchmark[] = [
  firstSyncBenchmark,
  searchBenchmark,
  familyBenchmark,
  checkInBenchmark,
  otherDeskBenchmark,
  checkInDuringSyncBenchmark,
  catchUpBenchmark,
  drainBenchmark,
  queueBenchmark,
  startBenchmark,
  memoryBenchmark,
]

const readOptions = () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      people: { type: 'string', default: '50000' },
      marks: { type: 'string', default: '500000' },
      // Keeps what was generated there, for the next run.
      data: { type: 'string' },
    },
  })
  const unknown = positionals.find((name) => !benchmarks.some((benchmark) => benchmark.name === name))
  if (unknown !== undefined) {
    throw new Error(`There is no benchmark "${unknown}": ${benchmarks.map(({ name }) => name).join(', ')}.`)
  }
  return { ...values, names: positionals, people: Number(values.people), marks: Number(values.marks) }
}

const options = readOptions()
const log = (line: string): void => console.error(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${line}`)

let place: Place | undefined
let stopping: Promise<void> | undefined
const folder = options.data === undefined ? mkdtempSync(join(tmpdir(), 'foyer-bench-')) : resolve(options.data)
// A temporary folder is for its owner alone, but for root PostgreSQL runs as another user.
if (options.data === undefined) chmodSync(folder, 0o755)

const stop = async (): Promise<void> => {
  await place?.stop()
  if (options.data === undefined) rmSync(folder, { recursive: true, force: true })
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void (stopping ??= stop().finally(() => process.exit(1))))
}

try {
  // A busy machine makes everything slower, its limits too: then only the ratios tell something.
  log(`${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}`)
  place = await openPlace({ dataFolder: folder, people: options.people, marks: options.marks, log })
  const lines: Line[] = []
  for (const { name, run } of benchmarks) {
    if (options.names.length > 0 && !options.names.includes(name)) continue
    log(`${name} …`)
    lines.push(...(await run(place)))
  }
  console.log(options.json ? JSON.stringify(lines.map(toJson), undefined, 2) : `\n${toTable(lines)}`)
} finally {
  await (stopping ??= stop())
}
