import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Store } from '../../src-main/data/store.ts'
import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { entriesOf } from '../support/counter-rows.ts'
import { checkInAll, payCash, removeFolder, storeParts } from '../support/store.ts'
import { damagePage, flipByte, pagesIn } from './support/damage.ts'
import { copyOf as copyOfDesk, openDamaged as openDamagedDesk, type Outcome } from './support/damaged-desk.ts'
import { filesIn, memoryFolder, type PreparedDesk, prepareDesk } from './support/disk-desk.ts'
import { extent, limitMs, tell } from './support/extent.ts'

const root = memoryFolder()
let desk: PreparedDesk
/** What the desk had saved, in order. */
let saved: readonly MutationEnvelope[]
/** With everything in desk.db itself, and with everything in its log still. */
const closed = path.join(root, 'closed')
const killed = path.join(root, 'killed')

beforeAll(async () => {
  desk = await prepareDesk(root)
  cpSync(desk.clean, closed, { recursive: true })
  const store = await Store.open(storeParts(closed, desk.counter))
  for (let count = 0; count < 12; count += 1) {
    await checkInAll(store, desk.counter)
    await payCash(store, desk.counter, 100 + count)
  }
  saved = store.desk.mutationsAfter(0, 100)
  cpSync(closed, killed, { recursive: true })
  await store.close()
})
afterAll(() => removeFolder(root))

const openDamaged = (folder: string): Promise<Outcome> => openDamagedDesk(folder, desk, saved)
const copyOf = (from: string, name: string): string => copyOfDesk(from, path.join(root, name))

const damagedFilesIn = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => /^desk-damaged-\d+\.db$/.test(name))

describe('a damaged page of desk.db (D7)', () => {
  test('costs only what lies in it: the rest goes on, and what is gone is said', { timeout: limitMs }, async () => {
    const pages = pagesIn(path.join(closed, 'desk.db'))
    const outcomes: (Outcome & { readonly page: number })[] = []

    for (let page = 1; page <= pages; page += 1) {
      const folder = copyOf(closed, 'rotten')
      damagePage(path.join(folder, 'desk.db'), page)
      outcomes.push({ page, ...(await openDamaged(folder)) })
      expect(damagedFilesIn(folder), `page ${page}`).toEqual(['desk-damaged-1.db'])
    }

    expect(outcomes.filter(({ faults }) => faults.length > 0)).toEqual([])
    // Each mutation lies in one page, so all pages together cost each of them once.
    expect(outcomes.flatMap(({ lost }) => lost).toSorted((a, b) => a - b)).toEqual(saved.map(({ seq }) => seq))
    tell(`a damaged page of desk.db: ${pages} pages, nothing lost but what lay in the page`)
  })

  test('is found also when it is damaged a second time', async () => {
    const folder = copyOf(closed, 'rotten-twice')
    damagePage(path.join(folder, 'desk.db'), 1)
    const first = await openDamaged(folder)
    damagePage(path.join(folder, 'desk.db'), 1)

    const store = await Store.open(storeParts(folder, desk.counter))

    expect(first.faults).toEqual([])
    expect(store.desk.mutationsAfter(0, 1000)).toHaveLength(saved.length + 1)
    expect(damagedFilesIn(folder)).toEqual(['desk-damaged-1.db', 'desk-damaged-2.db'])
    await store.close()
  })
})

describe('a damaged log of desk.db (D8)', () => {
  test('costs only what nobody can read any more', { timeout: limitMs }, async () => {
    const frames = Math.floor((filesIn(killed).get('desk.db-wal')?.length ?? 0) / 4120)
    const outcomes: (Outcome & { readonly frame: number })[] = []

    for (let frame = 0; frame < frames; frame += extent(9, 1)) {
      for (const offset of [4, 18, 2000]) {
        const folder = copyOf(killed, 'rotten-log')
        flipByte(path.join(folder, 'desk.db-wal'), 32 + frame * 4120 + offset)
        outcomes.push({ frame, ...(await openDamaged(folder)) })
      }
    }

    expect(outcomes.filter(({ faults }) => faults.length > 0)).toEqual([])
    // No more than lies in one page.
    expect(Math.max(...outcomes.map(({ lost }) => lost.length))).toBeLessThan(9)
    tell(
      `a damaged log of desk.db: ${outcomes.length} damages, at most ${Math.max(...outcomes.map(({ lost }) => lost.length))} lost and said`,
    )
  })

  test(
    'that is cut is said to lack what is gone, and when the last thing was saved',
    { timeout: limitMs },
    async () => {
      const { length } = filesIn(killed).get('desk.db-wal') ?? Buffer.alloc(0)
      const outcomes: Outcome[] = []

      for (let at = 0; at < length; at += extent(20_000, 1024)) {
        const folder = copyOf(killed, 'cut-log')
        truncateSync(path.join(folder, 'desk.db-wal'), at)
        outcomes.push(await openDamaged(folder))
      }

      expect(outcomes.filter(({ faults }) => faults.length > 0)).toEqual([])
      expect(outcomes[0]?.lost).toHaveLength(saved.length)
      tell(`a cut log of desk.db: ${outcomes.length} lengths, every loss said`)
    },
  )

  test(
    'costs nothing where only its header is damaged, or where desk.db beside it is gone',
    { timeout: limitMs },
    async () => {
      const name = 'desk.db-wal'
      const damages: readonly ((folder: string) => void)[] = [
        ...Array.from({ length: 32 }, (_, at) => (folder: string) => flipByte(path.join(folder, name), at)),
        (folder) => {
          const bytes = readFileSync(path.join(folder, name))
          writeFileSync(path.join(folder, name), bytes.fill(0, 0, 32))
        },
        (folder) => truncateSync(path.join(folder, 'desk.db'), 0),
        (folder) => rmSync(path.join(folder, 'desk.db')),
      ]

      for (const [index, damage] of damages.entries()) {
        const folder = copyOf(killed, 'header')
        damage(folder)
        const { lost, faults } = await openDamaged(folder)
        expect({ index, lost, faults }).toEqual({ index, lost: [], faults: [] })
      }
    },
  )

  test('that is gone, or of another desk, is said to be', async () => {
    const gone = copyOf(killed, 'no-log')
    rmSync(path.join(gone, 'desk.db-wal'))
    const foreign = copyOf(killed, 'foreign-log')
    writeFileSync(path.join(foreign, 'desk.db-wal'), filesIn(killed).get('replica-1.db-wal') ?? Buffer.alloc(0))

    const outcomes = [await openDamaged(gone), await openDamaged(foreign)]

    expect(outcomes.flatMap(({ faults }) => faults)).toEqual([])
    expect(outcomes.map(({ lost }) => lost.length)).toEqual([saved.length, saved.length])
  })

  test('together with desk.db itself, also after a renewal, is said to be gone', async () => {
    const folder = copyOf(killed, 'no-desk')
    const renewed = await Store.open(storeParts(folder, desk.counter))
    const entries = entriesOf(desk.counter.rows)
    await renewed.startOver()
    await renewed.append(entries, 'handle-2')
    await renewed.completeLoad({ position: entries.length, handle: 'handle-2', serverTime: undefined })
    await renewed.close()
    rmSync(path.join(folder, 'desk.db'))

    const outcome = await openDamaged(folder)

    expect(outcome.faults).toEqual([])
    expect(outcome.lost).toHaveLength(saved.length)
  })

  test('costs nothing when only its index is gone', async () => {
    const outcome = await openDamaged(copyOf(killed, 'no-index'))

    expect(outcome).toEqual({ lost: [], faults: [] })
  })
})
