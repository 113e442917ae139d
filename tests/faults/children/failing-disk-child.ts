import { cpSync, readFileSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { DomainError } from '../../../src-shared/errors.ts'
import { Store } from '../../../src-main/data/store.ts'
import type { Counter } from '../../support/counter-rows.ts'
import { storeParts } from '../../support/store.ts'
import { faultsOfStore } from '../support/check-desk.ts'
import { changeCount, type DiskFault, endFaults, failChanges, watchFolder } from '../support/disk-control.ts'
import { daySteps, type Step } from './counter-work.ts'

/**
 * Lets the n-th change of the disk fail, for every n that a day at the desk has: `failing-disk-child.ts ROOT COUNTER FAULT
 * TIMES STRIDE`. Writes a line of JSON for each n, a DiskRound.
 */
const [root, counterFile, fault, times, stride] = process.argv.slice(2)
if (!root || !counterFile || !fault) throw new Error('Usage: failing-disk-child.ts ROOT COUNTER FAULT TIMES STRIDE')
// Both are given by the test.
const counter = JSON.parse(readFileSync(counterFile, 'utf8')) as Counter
const kind = fault as DiskFault

/** What came of one round; `faults` is empty when every promise was kept. */
export interface DiskRound {
  readonly n: number
  readonly failed: readonly string[]
  readonly faults: readonly string[]
}

interface Told {
  readonly said: string[]
  readonly failed: string[]
  readonly faults: string[]
  unknown: number
}

/** Tries the step while the disk fails, then, in the same process, when it has recovered. */
const runStep = async (store: Store, step: Step, told: Told): Promise<void> => {
  try {
    const id = await step.run(store, counter)
    if (id !== undefined) told.said.push(`saved ${id}`)
    return
  } catch (error) {
    endFaults()
    const code = error instanceof DomainError ? error.code : String(error)
    told.failed.push(`${step.name}: ${code}`)
    if (code === 'save_unknown') {
      told.unknown += 1
      return
    }
  }
  try {
    const id = await step.run(store, counter)
    if (id !== undefined) told.said.push(`saved ${id}`)
  } catch (error) {
    told.faults.push(`${step.name} did not recover: ${String(error)}`)
  }
}

const round = async (n: number): Promise<{ readonly result: DiskRound; readonly wasReached: boolean }> => {
  const folder = path.join(root, `round-${kind}-${times}`)
  rmSync(folder, { recursive: true, force: true })
  cpSync(path.join(root, 'clean'), folder, { recursive: true })
  watchFolder(folder)
  const told: Told = { said: [], failed: [], faults: [], unknown: 0 }
  const store = await Store.open(storeParts(folder, counter))
  failChanges(kind, n, Number(times))
  for (const step of daySteps) await runStep(store, step, told)
  const wasReached = changeCount() >= n || told.failed.length > 0
  endFaults()
  await store.close()
  const kept = await faultsOfStore(folder, counter, told.said, { mostUnknown: told.unknown })
  return { result: { n, failed: told.failed, faults: [...told.faults, ...kept] }, wasReached }
}

for (let n = 1; ; n += Number(stride)) {
  const { result, wasReached } = await round(n)
  if (!wasReached) break
  writeSync(1, `${JSON.stringify(result)}\n`)
}
