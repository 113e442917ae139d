import { copyFileSync, cpSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Store } from '../../src-main/data/store.ts'
import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { entriesOf } from '../support/counter-rows.ts'
import { checkInAll, payCash, removeFolder, storeParts } from '../support/store.ts'
import { copyOf, openDamaged, type Outcome } from './support/damaged-desk.ts'
import { memoryFolder, type PreparedDesk, prepareDesk } from './support/disk-desk.ts'
import { limitMs } from './support/extent.ts'

const rounds = 8
const perRound = 6

const root = memoryFolder()
let desk: PreparedDesk
/** What the desk had saved in the end, in order. */
let saved: readonly MutationEnvelope[]
const at = (name: string): string => path.join(root, name)

const work = async (store: Store): Promise<void> => {
  for (let count = 0; count < perRound / 2; count += 1) {
    await checkInAll(store, desk.counter)
    await payCash(store, desk.counter, 100 + count)
  }
}

beforeAll(async () => {
  desk = await prepareDesk(root)
  cpSync(desk.clean, at('work'), { recursive: true })
  for (let round = 1; round <= rounds; round += 1) {
    const store = await Store.open(storeParts(at('work'), desk.counter))
    await work(store)
    // With the round in the log, and in desk.db itself.
    cpSync(at('work'), at(`killed-${round}`), { recursive: true })
    saved = store.desk.mutationsAfter(0, 1000)
    await store.close()
    cpSync(at('work'), at(`closed-${round}`), { recursive: true })
  }
  await workOfAnother()
})
afterAll(() => removeFolder(root))

/** Another computer at the same counter, with a key of its own. */
const workOfAnother = async (): Promise<void> => {
  mkdirSync(at('another'))
  const store = await Store.open({ ...storeParts(at('another'), desk.counter), key: new Uint8Array(32).fill(9) })
  const entries = entriesOf(desk.counter.rows)
  await store.append(entries, 'handle-1')
  await store.completeLoad({ position: entries.length, handle: 'handle-1', serverTime: undefined })
  await work(store)
  cpSync(at('another'), at('another-killed'), { recursive: true })
  await store.close()
}

/** The desk as it was in the end, with a file of another time or computer in the place of its own. */
const openWith = async (end: string, files: Readonly<Record<string, string>>): Promise<Outcome> => {
  const folder = copyOf(at(end), at('mixed'))
  for (const [name, from] of Object.entries(files)) copyFileSync(path.join(at(from), name), path.join(folder, name))
  return openDamaged(folder, desk, saved)
}

const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)

describe('a log beside desk.db that is not its own (D8)', () => {
  test('of a computer with another key costs nothing where desk.db has everything itself', async () => {
    const outcome = await openWith(`closed-${rounds}`, { 'desk.db-wal': 'another-killed' })

    expect(outcome).toEqual({ lost: [], faults: [] })
  })

  test('of a computer with another key, in the place of its own, is said to lack what that had', async () => {
    const outcome = await openWith(`killed-${rounds}`, { 'desk.db-wal': 'another-killed' })

    expect(outcome).toEqual({ lost: numbers(perRound * (rounds - 1) + 1, perRound * rounds), faults: [] })
  })

  test.each(['closed', 'killed'])(
    'of an earlier day turns a desk that was %s back to that day, and all that came later is said to be gone',
    { timeout: limitMs },
    async (how) => {
      for (let round = 1; round < rounds; round += 1) {
        const outcome = await openWith(`${how}-${rounds}`, { 'desk.db-wal': `killed-${round}` })

        expect(outcome, `round ${round}`).toEqual({
          lost: numbers(perRound * round + 1, perRound * rounds),
          faults: [],
        })
      }
    },
  )

  test(
    'of a later day, beside a desk.db that was set back, leaves no half of anything',
    { timeout: limitMs },
    async () => {
      for (let day = 0; day < rounds; day += 1) {
        const file = day === 0 ? 'clean' : `closed-${day}`
        for (let round = day + 1; round <= rounds; round += 1) {
          const outcome = await openWith(`killed-${rounds}`, { 'desk.db': file, 'desk.db-wal': `killed-${round}` })

          const { lost, faults } = outcome
          expect({ day, round, faults }).toEqual({ day, round, faults: [] })
          // Its pages may bring rows of the days in between; what neither has is gone.
          expect(lost, `${day}, ${round}`).toEqual(
            expect.arrayContaining([...numbers(perRound * round + 1, perRound * rounds)]),
          )
        }
      }
    },
  )
})
