import path from 'node:path'
import { mutationEnvelope } from '../../../src-shared/contract/http.ts'
import type { Disk } from '../environment.ts'
import { replicaFile } from '../replica/copies.ts'
import { stateReader } from '../replica/state.ts'
import { diskProblem, isOfDisk, type SqliteDatabase } from '../sqlite.ts'
import { type LeafRow, leafRows, type Pages } from './leaf-rows.ts'
import { openPage } from './sealed-pages.ts'
import { committedFrames } from './write-ahead-log.ts'

const pageBytes = 4096
const reservedBytes = 32
/** Far more than a desk has had. */
const mostReplicas = 1000

export interface RescueParts {
  readonly disk: Disk
  readonly folder: string
  /** 32 bytes. */
  readonly key: Uint8Array
  /** Gives a new database the tables of `desk.db`. */
  readonly migrate: (db: SqliteDatabase) => void
}

const deskFile = (folder: string): string => path.join(folder, 'desk.db')
const unfinishedFile = (folder: string): string => path.join(folder, 'desk-unfinished.db')
const rescuedFile = (folder: string): string => path.join(folder, 'desk-rescued.db')

/**
 * Copies everything that can still be read out of a damaged `desk.db` and its log into a new one, and keeps the damaged
 * files beside it (FAULTS D7, D8). Answers false, and changes nothing, when no page opens with this key: then it is
 * another key, or no file of ours. What is missing is found and told when the replica is open (lost-work.ts).
 */
export const rescueDesk = (parts: RescueParts): boolean => {
  const { disk, folder, key } = parts
  const pages = readablePages(disk, deskFile(folder), key)
  if (pages.size === 0) return false
  const unfinished = unfinishedFile(folder)
  disk.remove(unfinished)
  const fresh = disk.open(unfinished, { key, synchronous: 'FULL' })
  try {
    parts.migrate(fresh)
    fillFrom(fresh, leafRows(pages, pageBytes - reservedBytes))
    nameReplica(fresh, replicaToShow(parts))
    // Closing would say nothing of a log that does not fit into the file, and the file alone is moved.
    fresh.pragma('wal_checkpoint(TRUNCATE)')
  } catch (error) {
    throw diskProblem(error) ?? error
  } finally {
    fresh.close()
  }
  disk.move(unfinished, rescuedFile(folder))
  finishRescue(disk, folder)
  return true
}

/** A rescue that was cut after its new database was whole: puts that one in the place of the damaged one. */
export const finishRescue = (disk: Disk, folder: string): void => {
  if (!disk.read(rescuedFile(folder))) return
  const file = deskFile(folder)
  if (disk.read(file) || disk.read(`${file}-wal`)) keepAside(disk, folder)
  disk.move(rescuedFile(folder), file)
}

const keepAside = (disk: Disk, folder: string): void => {
  const file = deskFile(folder)
  let number = 1
  while (disk.read(path.join(folder, `desk-damaged-${number}.db`))) number += 1
  const aside = path.join(folder, `desk-damaged-${number}.db`)
  // The log first: a cut in between leaves it where a later look finds both.
  if (disk.read(`${file}-wal`)) disk.move(`${file}-wal`, `${aside}-wal`)
  if (disk.read(file)) disk.move(file, aside)
  disk.remove(file)
}

/** The pages that open with the key: those of the log, where it has newer ones, else those of the file. */
const readablePages = (disk: Disk, file: string, key: Uint8Array): Pages => {
  const pages = new Map<number, Buffer>()
  const add = (sealed: Uint8Array, number: number): void => {
    const page = sealed.length === pageBytes ? openPage(sealed, number, key) : undefined
    if (page) pages.set(number, page)
  }
  const bytes = disk.read(file) ?? Buffer.alloc(0)
  for (let number = 1; number * pageBytes <= bytes.length; number += 1) {
    add(bytes.subarray((number - 1) * pageBytes, number * pageBytes), number)
  }
  for (const { number, page } of committedFrames(disk.read(`${file}-wal`) ?? new Uint8Array())) add(page, number)
  return pages
}

const printStates = new Set(['waiting', 'printed', 'failed', 'dismissed'])

/** The rows tell by their form which table they are of. */
const fillFrom = (db: SqliteDatabase, rows: readonly LeafRow[]): void => {
  const insert = (table: string, values: readonly unknown[]): void => {
    db.prepare(`insert or ignore into ${table} values (${values.map(() => '?').join(', ')})`).run(values)
  }
  const raise = db.prepare('update series set next = max(next, ?) where kind = ?')
  db.transaction(() => {
    for (const { rowId, values } of rows) {
      const [first, second, third, fourth] = values
      if (values.length === 4 && first === null) insertMutation(db, rowId, third)
      else if (values.length === 5 && printStates.has(String(fourth))) insert('print_jobs', values)
      else if (values.length === 2 && typeof second === 'number') raise.run(second, first)
      else if (values.length === 2) insert(isId(first) ? 'closed_outcomes' : 'settings', values)
    }
    db.exec(
      "update series set next = max(next, (select coalesce(max(seq), 0) + 1 from mutations)) where kind = 'mutation'",
    )
    insert('settings', ['rescued', 'yes'])
  }).immediate()
}

/**
 * Which replica is shown, when `desk.db` cannot say so: the newest that is whole, because a kill can have left one that was
 * still being filled; else the newest that is there. Undefined where there is none. Throws what the disk may give later.
 */
export const replicaToShow = ({ disk, folder, key }: Omit<RescueParts, 'migrate'>): number | undefined => {
  const numbers = Array.from({ length: mostReplicas }, (_, index) => index + 1)
  const present = numbers.filter((number) => disk.read(replicaFile(folder, number)))
  return present.findLast((number) => isWhole(disk, replicaFile(folder, number), key)) ?? present.at(-1)
}

const isWhole = (disk: Disk, file: string, key: Uint8Array): boolean => {
  let db: SqliteDatabase | undefined
  try {
    db = disk.open(file, { key, synchronous: 'NORMAL', readonly: true })
    return stateReader(db)().isComplete
  } catch (error) {
    if (isOfDisk(diskProblem(error) ?? error)) throw error
    return false
  } finally {
    db?.close()
  }
}

export const nameReplica = (db: SqliteDatabase, number: number | undefined): void => {
  db.prepare("insert or ignore into settings values ('replica', ?)").run(String(number ?? 1))
}

const isId = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f-]{36}$/.test(value)

/** Only what is whole: it will be sent as it is. */
const insertMutation = (db: SqliteDatabase, seq: number, text: unknown): void => {
  const envelope = parsed(String(text))
  if (envelope?.seq !== seq) return
  db.prepare('insert or ignore into mutations (seq, id, envelope, at) values (?, ?, ?, ?)').run(
    seq,
    envelope.id,
    text,
    envelope.at,
  )
  if (envelope.series_number === null) return
  db.prepare("update series set next = max(next, ?) where kind = 'receipt'").run(envelope.series_number + 1)
}

const parsed = (text: string) => {
  try {
    return mutationEnvelope.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
