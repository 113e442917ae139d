/** `npm run sim`: the engine, the server and PostgreSQL under simulated faults. `--seeds N`, `--seed S`, `--from S`, `--record FILE`, `--mutants`. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runMutants } from './sim/mutate.ts'
import { programCommit } from './sim/program-commit.ts'
import { OtherRecord, openRecord, type SeedRecord } from './sim/record.ts'
import { failureText, totalsText } from './sim/report.ts'
import { runSeeds } from './sim/supervisor.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string' },
    workers: { type: 'string' },
    operations: { type: 'string', default: '200' },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    record: { type: 'string' },
    mixed: { type: 'boolean', default: false },
  },
})

const count = values.seed === undefined ? Number(values.seeds ?? 20) : 1
const wantedFrom = values.seed ?? values.from
const workers = Math.min(count, Number(values.workers ?? availableParallelism()))
const operations = Number(values.operations)

const recordIn = (file: string): SeedRecord =>
  openRecord(file, {
    from: wantedFrom === undefined ? undefined : Number(wantedFrom),
    operations,
    commit: programCommit(),
    isMixed: values.mixed,
  })

const anyFrom = (): number => Number(wantedFrom ?? Math.floor(Math.random() * 1_000_000_000))

const simulate = async (): Promise<boolean> => {
  const startedAt = performance.now()
  const record = values.record === undefined ? undefined : recordIn(values.record)
  const from = record?.order.from ?? anyFrom()
  const known = record?.results.length ?? 0
  console.log(`Seeds ${from} to ${from + count - 1} in ${workers} processes.`)
  if (known > 0) console.log(`${known} of them are in ${String(values.record)} already.`)
  const every = Math.max(1, Math.floor(count / 50))

  const totals = await runSeeds({
    from,
    count,
    workers,
    operations,
    results: record?.results ?? [],
    onResult(result, done) {
      record?.add(result)
      if (result.violations.length > 0) console.log(failureText(result, operations))
      if (values.seed !== undefined) console.log(`seed ${result.seed}: ${result.digest}`)
      if (done % every !== 0) return
      const seconds = (performance.now() - startedAt) / 1000
      console.log(`${done} of ${count} seeds, ${(seconds / (done - known)).toFixed(2)} s each`)
    },
  })
  console.log(totalsText(totals, performance.now() - startedAt))
  return totals.failed.length === 0
}

/** Whether every mutant was noticed. */
const testTheTest = async (): Promise<boolean> => {
  const all = await runMutants({
    from: anyFrom(),
    count,
    workers,
    operations,
    only: values.only,
    onCaught: ({ mutant, seed, seedsRun, invariants }) => {
      const what = seed === undefined ? `SURVIVED ${seedsRun} seeds` : `seed ${seed}: ${invariants.join(', ')}`
      console.log(`${mutant.padEnd(48)} ${what}`)
    },
  })
  return all.every(({ seed }) => seed !== undefined)
}

try {
  process.exitCode = (await (values.mutants ? testTheTest() : simulate())) ? 0 : 1
} catch (error) {
  if (!(error instanceof OtherRecord)) throw error
  console.error(error.message)
  process.exitCode = 1
}
