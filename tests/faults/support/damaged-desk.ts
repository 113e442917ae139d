import { cpSync, rmSync } from 'node:fs'
import path from 'node:path'
import { Store } from '../../../src-main/data/store.ts'
import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { payCash, removeFolder, rowsOf, storeParts } from '../../support/store.ts'
import type { PreparedDesk } from './disk-desk.ts'

export interface Outcome {
  /** Numbers of what was saved and is gone; something that says so is in its place. */
  readonly lost: readonly number[]
  readonly faults: readonly string[]
}

/** Opens a damaged desk: everything that is left must be what was saved, and everything else be said. */
export const openDamaged = async (
  folder: string,
  desk: PreparedDesk,
  saved: readonly MutationEnvelope[],
): Promise<Outcome> => {
  const store = await Store.open(storeParts(folder, desk.counter))
  try {
    const kept = store.desk.mutationsAfter(0, 1000)
    const lost = kept.filter(({ command }) => command === 'work.lost')
    const faults: string[] = []
    const texts = new Set(saved.map((mutation) => JSON.stringify(mutation)))
    const changed = kept.filter((each) => !lost.includes(each) && !texts.has(JSON.stringify(each)))
    if (changed.length > 0) faults.push(`${changed.length} mutations are not what was saved`)
    if (kept.length !== saved.length) faults.push(`${kept.length} mutations of ${saved.length}`)
    if (kept.some(({ seq }, index) => seq !== index + 1)) faults.push('a hole in the numbers')
    const payments = kept.filter(({ command }) => command === 'payment.take').length
    if (rowsOf(store, 'payments').length !== payments) faults.push('the replica shows other payments')
    const refusals = Number(store.replica.db.prepare('select count(*) from local_refusals').pluck().get())
    if (refusals !== lost.length) faults.push(`${refusals} refusals for ${lost.length} losses`)
    await payCash(store, desk.counter, 1)
    const receipts = saved.flatMap(({ series_number: number }) => number ?? [])
    const numbers = store.desk.mutationsAfter(0, 1000).flatMap(({ series_number: number }) => number ?? [])
    if (new Set(numbers).size !== numbers.length) faults.push('a receipt number came twice')
    if (Math.max(...numbers) <= Math.max(...receipts)) faults.push('a receipt number of before came again')
    return { lost: lost.map(({ seq }) => seq), faults }
  } finally {
    await store.close()
  }
}

/** A copy of a desk that is closed or was killed. */
export const copyOf = (from: string, to: string): string => {
  removeFolder(to)
  cpSync(from, to, { recursive: true })
  // It is made anew.
  rmSync(path.join(to, 'desk.db-shm'), { force: true })
  return to
}
