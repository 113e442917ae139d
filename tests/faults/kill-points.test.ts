import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeFolder } from '../support/store.ts'
import { faultsOfStore } from './support/check-desk.ts'
import { memoryFolder, type PreparedDesk, prepareDesk, type Work, workKilledAt } from './support/disk-desk.ts'
import { extent, limitMs, tell } from './support/extent.ts'
import { buildShim } from './support/shim.ts'

const shim = buildShim()
const root = memoryFolder()
let desk: PreparedDesk

beforeAll(async () => {
  desk = await prepareDesk(root)
})
afterAll(() => removeFolder(root))

/** Kills the work before every `stride`-th change of a file; answers with what was lost, and at how many points. */
const killEverywhere = async (library: string, work: Work, stride: number) => {
  const lost: string[] = []
  let points = 0
  for (let n = 1; ; n += stride) {
    const { folder, saved, wasKilled } = workKilledAt(desk, library, work, n)
    const said = saved.map((id) => `saved ${id}`)
    const faults = await faultsOfStore(folder, desk.counter, said, {
      mayLoad: work === 'firstDay' && saved.length === 0,
    })
    if (faults.length > 0) lost.push(`before change ${n}: ${faults.join('; ')}`)
    removeFolder(folder)
    if (!wasKilled) return { lost, points }
    points += 1
  }
}

describe.skipIf('missing' in shim)(`kill -9${'missing' in shim ? ` (skipped: ${shim.missing})` : ''}`, () => {
  test.each([
    ['before a write of a check-in and a payment (D1)', 'serveFamily', extent(29, 1)],
    ['before a write of a first sync, into desk.db and a new replica (D1)', 'firstDay', extent(230, 1)],
    ['before a write of the log, of a renewal and of its taking over (D1)', 'wholeDay', extent(230, 1)],
  ] as const)('%s loses nothing, and the desk goes on', { timeout: limitMs }, async (name, work, stride) => {
    if ('missing' in shim) return

    const { lost, points } = await killEverywhere(shim.library, work, stride)

    expect(lost).toEqual([])
    expect(points).toBeGreaterThan(2)
    tell(`kill -9 ${name}: ${points} points, ${lost.length} with a loss`)
  })
})
