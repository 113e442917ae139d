import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeFolder } from '../support/store.ts'
import { faultsOfDesk, faultsOfMigrated, faultsOfStore, putFiles } from './support/check-desk.ts'
import {
  memoryFolder,
  type PreparedDesk,
  prepareDesk,
  type Recording,
  recordWork,
  type Work,
} from './support/disk-desk.ts'
import { extent, limitMs, tell } from './support/extent.ts'
import { type DiskState, powerLossStates } from './support/power-loss.ts'
import { buildShim } from './support/shim.ts'

const shim = buildShim()
const root = memoryFolder()
let desk: PreparedDesk
const recordings = new Map<Work, Recording>()

beforeAll(async () => {
  desk = await prepareDesk(root)
})
afterAll(() => removeFolder(root))

const recordingOf = (work: Work): Recording => {
  if ('missing' in shim) throw new Error(shim.missing)
  const recording = recordings.get(work) ?? recordWork(desk, shim.library, work)
  recordings.set(work, recording)
  return recording
}

const statesOf = (work: Work, perChange: number, seed: number): Iterable<DiskState> => {
  const { before, changes, folder } = recordingOf(work)
  return powerLossStates(before, changes, { folder, seed, perChange, stride: extent(4, 1) })
}

const describeLoss = ({ at }: DiskState, seed: number, faults: readonly string[]): string =>
  `seed ${seed}, ${at}: ${faults.join('; ')}`

/** Opens what is left of a desk, with the errors of opening it among the faults. */
const looked = async (look: () => readonly string[] | Promise<readonly string[]>): Promise<readonly string[]> => {
  try {
    return await look()
  } catch (error) {
    return [String(error instanceof Error && error.cause ? error.cause : error)]
  }
}

const isOfDesk = ([name]: readonly [string, Buffer]): boolean => name.startsWith('desk.db')
const seed = 20_261_121

describe.skipIf('missing' in shim)(`power is lost${'missing' in shim ? ` (skipped: ${shim.missing})` : ''}`, () => {
  const losses: readonly (readonly [string, Work])[] = [
    ['at any write of a day at the desk, its syncs and a renewal (D2)', 'wholeDay'],
    ['while the databases are made and filled for the first time (D3)', 'firstDay'],
  ]

  test.each(losses)('%s: everything saved is in desk.db, whole', { timeout: limitMs }, async (_name, work) => {
    const folder = path.join(root, `state-of-${work}`)
    const lost: string[] = []
    let count = 0

    for (const state of statesOf(work, extent(4, 120), seed)) {
      putFiles(folder, new Map([...state.files].filter(isOfDesk)))
      const faults = await looked(() => faultsOfDesk(folder, desk.counter, state.said))
      if (faults.length > 0) lost.push(describeLoss(state, seed, faults))
      count += 1
    }

    expect(lost).toEqual([])
    expect(count).toBeGreaterThan(extent(250, 20_000))
    tell(`power loss, ${work}: ${count} states of desk.db, ${lost.length} with a loss`)
  })

  test('in the middle of a migration of desk.db (D1, D2): it is done again, whole', { timeout: limitMs }, async () => {
    const folder = path.join(root, 'state-of-migration')
    const lost: string[] = []
    let count = 0

    for (const state of statesOf('migrateDesk', extent(4, 200), seed)) {
      putFiles(folder, new Map([...state.files].filter(isOfDesk)))
      const faults = await looked(() => faultsOfMigrated(folder, desk.counter, state.said))
      if (faults.length > 0) lost.push(describeLoss(state, seed, faults))
      count += 1
    }

    expect(lost).toEqual([])
    tell(`power loss, migration: ${count} states of desk.db, ${lost.length} with a loss`)
  })

  test.each(losses)('%s: the desk goes on at once, and shows all of it', { timeout: limitMs }, async (_name, work) => {
    const folder = path.join(root, `desk-of-${work}`)
    const lost: string[] = []
    let count = 0
    const every = extent(7, 2)

    for (const [index, state] of [...statesOf(work, extent(3, 24), seed + 1)].entries()) {
      if (index % every !== 0) continue
      putFiles(folder, state.files)
      const faults = await looked(() =>
        faultsOfStore(folder, desk.counter, state.said, { mayLoad: work === 'firstDay' && state.said.length === 0 }),
      )
      if (faults.length > 0) lost.push(describeLoss(state, seed + 1, faults))
      count += 1
    }

    expect(lost).toEqual([])
    expect(count).toBeGreaterThan(extent(30, 2000))
    tell(`power loss, ${work}: ${count} states of both databases, ${lost.length} with a loss`)
  })
})
