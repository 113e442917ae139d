/** `npm run sim`: the engine, the server and PostgreSQL under simulated faults. `--seeds N`, `--seed S`, `--from S`, `--mutants`. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runMutants } from './sim/mutate.ts'
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
  },
})

const count = values.seed === undefined ? Number(values.seeds ?? 20) : 1
const from = Number(values.seed ?? values.from ?? Math.floor(Math.random() * 1_000_000_000))
const workers = Math.min(count, Number(values.workers ?? availableParallelism()))
const operations = Number(values.operations)

const simulate = async (): Promise<boolean> => {
  const startedAt = performance.now()
  console.log(`Seeds ${from} to ${from + count - 1} in ${workers} processes.`)
  const every = Math.max(1, Math.floor(count / 50))

  const totals = await runSeeds({
    from,
    count,
    workers,
    operations,
    onResult(result, done) {
      if (result.violations.length > 0) console.log(failureText(result))
      if (values.seed !== undefined) console.log(`seed ${result.seed}: ${result.digest}`)
      if (done % every !== 0) return
      const seconds = (performance.now() - startedAt) / 1000
      console.log(`${done} of ${count} seeds, ${(seconds / done).toFixed(2)} s each`)
    },
  })
  console.log(totalsText(totals, performance.now() - startedAt))
  return totals.failed.length === 0
}

/** Whether every mutant was noticed. */
const testTheTest = async (): Promise<boolean> => {
  const all = await runMutants({
    from,
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

process.exitCode = (await (values.mutants ? testTheTest() : simulate())) ? 0 : 1
