import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Disk, systemEnvironment } from '../../src-main/data/environment.ts'
import type { SqliteDatabase } from '../../src-main/data/sqlite.ts'
import { Store } from '../../src-main/data/store.ts'
import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { damagePage } from '../faults/support/damage.ts'
import { counterRows } from '../support/counter-rows.ts'
import { checkInAll, openCounterStore, payCash, removeFolder, storeParts, temporaryFolder } from '../support/store.ts'

let folder: string
let store: Store
/** The connection of `desk.db`. */
let deskDb: SqliteDatabase | undefined
const counter = counterRows()
const rounds = 12

const watched: Disk = {
  ...systemEnvironment.disk,
  open(file, options) {
    const db = systemEnvironment.disk.open(file, options)
    if (path.basename(file) === 'desk.db') deskDb = db
    return db
  },
}

beforeEach(async () => {
  folder = temporaryFolder()
  await (await openCounterStore(folder, counter)).close()
  const parts = storeParts(folder, counter)
  store = await Store.open({ ...parts, environment: { ...parts.environment, disk: watched } })
  for (let round = 0; round < rounds; round += 1) {
    await checkInAll(store, counter)
    await payCash(store, counter, 100 + round)
  }
})
afterEach(async () => {
  await store.close()
  removeFolder(folder)
})

/** A page of saved mutations rots, and the next look finds it: `desk.db` is opened anew, and rescued. */
const rotAtWork = (): void => {
  const page = deskDb?.prepare("select pageno from dbstat where name = 'mutations' and pagetype = 'leaf'").pluck().get()
  deskDb?.pragma('wal_checkpoint(TRUNCATE)')
  damagePage(path.join(folder, 'desk.db'), Number(page))
  deskDb?.pragma('shrink_memory')
  expect(() => store.desk.mutationsAfter(0, 100)).toThrow(expect.objectContaining({ code: 'database_unreadable' }))
}

const kept = () => store.desk.mutationsAfter(0, 100)
const lost = () => kept().filter(({ command }) => command === 'work.lost')
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

test('what a rescue at work has lost is said with the next batch, so that the rest goes up (D7, U9)', async () => {
  rotAtWork()
  const { position, handle } = store.replica.readState()

  const touched = await store.apply({ entries: [], position, handle, serverTime: undefined })

  expect(kept().map(({ seq }) => seq)).toEqual(numbers(2 * rounds))
  expect(lost().length).toBeGreaterThan(0)
  expect(touched).toContain('payments')
})

test('it is said before the next write, which builds on it (D7, U9)', async () => {
  rotAtWork()

  const { envelope } = await payCash(store, counter, 50)

  expect(envelope.seq).toBe(2 * rounds + 1)
  expect(kept().map(({ seq }) => seq)).toEqual(numbers(2 * rounds + 1))
  expect(lost().length).toBeGreaterThan(0)
})

test('a cut in the middle of saying it turns no number back (D1, U9)', async () => {
  rotAtWork()
  const before = kept()
  const missing = numbers(2 * rounds).find((number) => !before.some(({ seq }) => seq === number)) ?? 0

  // What the first step of saying it commits.
  store.desk.commitMutation({ ...envelopeOf(before), id: randomUUID(), seq: missing }, undefined)

  expect(store.desk.lastSeq()).toBe(2 * rounds)
})

const envelopeOf = ([first]: readonly MutationEnvelope[]): MutationEnvelope => {
  if (!first) throw new Error('Nothing is left')
  return { ...first, series_number: null }
}
