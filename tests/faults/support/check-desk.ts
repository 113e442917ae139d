import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Desk, deskOver } from '../../../src-main/data/desk/desk.ts'
import { deskMigrations } from '../../../src-main/data/desk/migrations.ts'
import { migrate, openDesk } from '../../../src-main/data/desk/open.ts'
import { Store } from '../../../src-main/data/store.ts'
import type { Counter } from '../../support/counter-rows.ts'
import { rowsOf, storeParts } from '../../support/store.ts'
import { laterMigration } from '../children/counter-work.ts'

/** Puts files where a desk looks for them, and nothing else. */
export const putFiles = (folder: string, files: ReadonlyMap<string, Buffer>): void => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [name, content] of files) writeFileSync(path.join(folder, name), content)
}

const idsSaid = (said: readonly string[]): readonly string[] =>
  said.flatMap((line) => (line.startsWith('saved ') ? [line.slice(6)] : []))

/** A rescue is for a disk that rots; none of what is made here is that. */
const rescuesIn = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => name.startsWith('desk-damaged'))

/** What is wrong with `desk.db` after a power cut, in words; nothing when it kept its promise (I1). */
export const faultsOfDesk = (folder: string, counter: Counter, said: readonly string[]): readonly string[] => {
  const { key, environment } = storeParts(folder, counter)
  const db = openDesk(environment.disk, folder, key)
  try {
    const integrity = String(db.pragma('integrity_check', { simple: true }))
    return [
      ...(integrity === 'ok' ? [] : [`integrity_check: ${integrity}`]),
      ...faultsOfOutbox(deskOver(db), said, 1),
      ...rescuesIn(folder),
    ]
  } finally {
    db.close()
  }
}

/** The same of a `desk.db` in the middle of a migration, which is done again first. */
export const faultsOfMigrated = (folder: string, counter: Counter, said: readonly string[]): readonly string[] => {
  const { key, environment } = storeParts(folder, counter)
  const db = environment.disk.open(path.join(folder, 'desk.db'), { key, synchronous: 'FULL' })
  try {
    migrate(db, [...deskMigrations, laterMigration])
    const count = (sql: string): number => Number(db.prepare(sql).pluck().get())
    const mutations = count('select count(*) from mutations')
    const migrated = [count('select count(*) from later'), count('select count(*) from mutations where later = seq')]
    return [
      ...(migrated.every((each) => each === mutations) ? [] : [`${migrated.join(' and ')} of ${mutations} migrated`]),
      ...faultsOfOutbox(deskOver(db), said, 1),
    ]
  } finally {
    db.close()
  }
}

/** `mostUnknown`: how many more than the saved ones may be there, because nobody was told what became of them. */
const faultsOfOutbox = (desk: Desk, said: readonly string[], mostUnknown: number): readonly string[] => {
  const kept = desk.mutationsAfter(0, 1000)
  const ids = kept.map(({ id }) => id)
  const saved = idsSaid(said)
  const lost = saved.filter((id) => !ids.includes(id))
  const receipts = kept.filter(({ series_number }) => series_number !== null)
  const jobs = desk.printJobs().length
  return [
    ...lost.map((id) => `lost ${id}`),
    ...(ids.length > saved.length + mostUnknown ? [`${ids.length} mutations, ${saved.length} of them saved`] : []),
    ...(kept.some(({ seq }, index) => seq !== index + 1) ? ['a hole in the numbers'] : []),
    ...(desk.lastSeq() === kept.length ? [] : [`the next number is ${desk.lastSeq() + 1} after ${kept.length}`]),
    ...(desk.peek('receipt') === receipts.length + 1 ? [] : ['a receipt number was drawn without a payment']),
    ...(jobs === receipts.length ? [] : [`${jobs} print jobs for ${receipts.length} receipts`]),
  ]
}

/** What the commands of the work leave, row by row. */
const rowsOfCommand: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'check_in.record': { check_ins: 3 },
  'payment.take': { payments: 1, receipts: 1 },
  'attendance.mark': { attendance_marks: 3 },
}

export interface Allowed {
  /** Mutations that are kept although nobody was told; the one that a cut caught, without a word. */
  readonly mostUnknown?: number
  /** The first sync was not over. */
  readonly mayLoad?: boolean
}

/** What is wrong with the whole desk: besides the outbox, the replica must be usable and show exactly what was saved. */
export const faultsOfStore = async (
  folder: string,
  counter: Counter,
  said: readonly string[],
  { mostUnknown = 1, mayLoad = false }: Allowed = {},
): Promise<readonly string[]> => {
  const store = await Store.open(storeParts(folder, counter))
  try {
    const kept = store.desk.mutationsAfter(0, 1000)
    const faults = [...faultsOfOutbox(store.desk, said, mostUnknown), ...rescuesIn(folder)]
    const integrity = String(store.replica.db.pragma('integrity_check', { simple: true }))
    if (integrity !== 'ok') faults.push(`integrity_check of the replica: ${integrity}`)
    if (!store.replica.readState().isComplete) return mayLoad ? faults : [...faults, 'the replica is not usable']
    const expected = new Map<string, number>()
    for (const { command } of kept) {
      for (const [table, count] of Object.entries(rowsOfCommand[command] ?? {})) {
        expected.set(table, (expected.get(table) ?? 0) + count)
      }
    }
    for (const table of ['check_ins', 'payments', 'receipts', 'attendance_marks']) {
      const count = rowsOf(store, table).length
      if (count !== (expected.get(table) ?? 0)) faults.push(`${count} ${table}, not ${expected.get(table) ?? 0}`)
    }
    return faults
  } finally {
    await store.close()
  }
}
