import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { changesOf, type Mutant } from './mutant.ts'
import { mutants } from './mutant-list.ts'
import { runSeeds } from './supervisor.ts'

export interface Caught {
  readonly mutant: string
  /** The first seed that failed; undefined when all of them passed. */
  readonly seed: number | undefined
  readonly seedsRun: number
  readonly invariants: readonly string[]
}

interface MutationOrder {
  readonly from: number
  /** How many seeds a mutant may survive. */
  readonly count: number
  readonly workers: number
  readonly operations: number
  /** Only those whose name has this in it. */
  readonly only: string
  readonly onCaught: (caught: Caught) => void
}

const root = path.join(import.meta.dirname, '../..')
const parts = ['src-main', 'src-shared', 'sync-server', 'migrations', 'build', 'package.json']

/** Runs the simulator against copies of this repository in which one safety line is gone: each must be noticed. */
export const runMutants = async (order: MutationOrder): Promise<readonly Caught[]> => {
  const all: Caught[] = []
  for (const mutant of mutants.filter(({ name }) => name.includes(order.only))) {
    const caught = await runMutant(mutant, order)
    all.push(caught)
    order.onCaught(caught)
  }
  return all
}

const runMutant = async (mutant: Mutant, { from, count, workers, operations }: MutationOrder): Promise<Caught> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'foyer-mutant-'))
  try {
    for (const part of parts) cpSync(path.join(root, part), path.join(folder, part), { recursive: true })
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
    for (const { file, changes } of changesOf(mutant)) change(path.join(folder, file), changes)
    const totals = await runSeeds({
      from,
      count,
      workers,
      operations,
      plan: mutant.plan,
      stopsEarly: true,
      onResult: () => undefined,
      simulator: path.join(folder, 'build/sim'),
    })
    const first = totals.failed.toSorted((a, b) => a.seed - b.seed)[0]
    return {
      mutant: mutant.name,
      seed: first?.seed,
      seedsRun: totals.seeds,
      invariants: [...new Set(first?.violations.map(({ invariant }) => invariant))],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const change = (file: string, changes: Mutant['changes']): void => {
  let text = readFileSync(file, 'utf8')
  for (const [from, to] of changes) {
    if (text.split(from).length !== 2) throw new Error(`${from} is not there once in ${file}`)
    text = text.replace(from, () => to)
  }
  writeFileSync(file, text)
}
