import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { applierFor, latestHlcOf } from '../../src-shared/replica/apply.ts'
import { finishingSteps } from '../../src-shared/replica/finishing.ts'
import type { LogEntry } from '../../src-shared/replica/log-entry.ts'
import { createTables } from '../../src-shared/replica/schema.ts'
import { installSearchIndex, type SearchIndex } from '../../src-shared/replica/search-index.ts'
import { isSyncedTable } from '../../src-shared/schema/tables.ts'
import { inRole } from '../db/postgres.ts'
import type { Db, Tx } from '../db/tx.ts'
import type { LogName } from '../shapes/handle.ts'
import { withFits } from '../shapes/log-window.ts'
import { type Head, readHead } from '../shapes/log.ts'
import { fingerprint } from './place.ts'

/** Where a working copy stands. */
interface WorkingState {
  readonly fingerprint: string
  readonly epoch: string
  readonly position: number
  readonly latestHlc: string | undefined
  /** Indexes and search index are there. */
  readonly isIndexed: boolean
}

/** A replica on the server, made by the code of the desks and not encrypted: it lies beside PostgreSQL's own files. */
export interface WorkingCopy {
  readonly db: Sqlite.Database
  readonly state: () => WorkingState | undefined
  readonly close: () => void
  /** Closes it after this went wrong. It is a copy: what ails the file itself goes with it, and the next round makes it anew. */
  readonly closeAfter: (error: unknown) => void
}

/**
 * Opens the working copy of a log whose head is this, or begins a new one: for another history, another shape, or when
 * removals were missed. Undefined while another process works on it.
 */
export const openWorkingCopy = (folder: string, head: Head): WorkingCopy | undefined => {
  const file = join(folder, 'working.db')
  const found = open(file)
  if (!found || continues(found.state(), head)) return found
  found.close()
  remove(file)
  const fresh = open(file)
  if (fresh) {
    createTables(fresh.db)
    saveState(fresh.db, { fingerprint, epoch: head.epoch, position: 0, latestHlc: undefined, isIndexed: false })
  }
  return fresh
}

const open = (file: string): WorkingCopy | undefined => {
  const db = new Sqlite(file, { timeout: 0 })
  try {
    chmodSync(file, 0o600)
    db.pragma('locking_mode = exclusive')
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    db.pragma('temp_store = MEMORY')
    db.pragma('cache_size = -65536')
    db.exec('begin exclusive; create table if not exists working (state text not null) strict; commit')
    readState(db)
  } catch (error) {
    db.close()
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined
    remove(file)
    throw error
  }
  return {
    db,
    state: () => readState(db),
    close: () => db.close(),
    closeAfter: (error) => {
      db.close()
      if (error instanceof Sqlite.SqliteError && !isOfTheMachine.test(error.code)) remove(file)
    },
  }
}

/** Somebody else has the file, or the disk is full or fails: the file is what it was. */
const isOfTheMachine = /^SQLITE_(BUSY|FULL|IOERR)/

const readState = (db: Sqlite.Database): WorkingState | undefined => {
  const text = db.prepare('select state from working').pluck().get()
  // Written below.
  return typeof text === 'string' ? (JSON.parse(text) as WorkingState) : undefined
}

const remove = (file: string): void => {
  for (const each of [file, `${file}-wal`, `${file}-shm`]) rmSync(each, { force: true })
}

const saveState = (db: Sqlite.Database, state: WorkingState): void => {
  db.exec('delete from working')
  db.prepare('insert into working values (?)').run(JSON.stringify(state))
}

interface CatchUpParts {
  readonly db: Db
  readonly log: LogName
  readonly copy: WorkingCopy
  /** Asked before each piece; throws where there is none. */
  readonly hasRoom: () => void
}

/**
 * Applies what the log has beyond the working copy, up to the head, as one snapshot of PostgreSQL and with the rights of
 * the feed. Answers with that head; the copy is the log up to there.
 */
export const catchUp = async ({ db, log, copy, hasRoom }: CatchUpParts): Promise<Head> => {
  let search: SearchIndex | undefined
  const head = await inRole(db, { role: 'foyer_feed', facilityId: log.facilityId, isOneSnapshot: true }, async (tx) => {
    const head = await readHead(tx, log)
    let state = copy.state()
    if (!state || !continues(state, head)) throw new Error('The log changed its history just now.')
    const applier = applierFor(copy.db)
    // A transaction that is tried again finds the triggers, and the index without them would not be kept.
    if (state.isIndexed) search ??= installSearchIndex(copy.db)
    while (state.position < head.position) {
      hasRoom()
      const entries = await readEntries(tx, log, { after: state.position, to: head.position })
      const known = entries.filter(({ table_name }) => isSyncedTable(table_name))
      const next: WorkingState = {
        ...state,
        position: entries.at(-1)?.position ?? head.position,
        latestHlc: latestHlcOf(known, state.latestHlc),
      }
      copy.db.transaction(() => {
        if (search) applier.apply(known)
        else applier.load(known)
        search?.refresh()
        saveState(copy.db, next)
      })()
      state = next
    }
    return head
  })
  // Takes longer than a transaction may idle.
  finish(copy)
  return head
}

/** Whether the log can be followed from where the copy stands. */
const continues = (state: WorkingState | undefined, { epoch, position, prunedTo }: Head): boolean =>
  state?.fingerprint === fingerprint &&
  state.epoch === epoch &&
  state.position <= position &&
  (state.position >= prunedTo || state.position === 0)

const finish = ({ db, state: read }: WorkingCopy): void => {
  const state = read()
  if (!state || state.isIndexed) return
  for (const step of finishingSteps(db)) step()
  db.transaction(() => saveState(db, { ...state, isIndexed: true }))()
}

/** Fits into the time that a statement may take, and into memory; fewer where they are large. */
const entriesPerPiece = 5000

interface Range {
  readonly after: number
  readonly to: number
}

const readEntries = async (tx: Tx, log: LogName, { after, to }: Range): Promise<readonly LogEntry[]> => {
  const { rows } = await sql<{ position: number; table_name: string; row_id: string; image: string | null }>`
    select position, table_name, row_id, "row"::text as image from (${withFits(
      sql`
        select * from sync_log
        where facility_id = ${log.facilityId} and audience = ${log.audience} and position > ${after} and position <= ${to}
        order by position limit ${entriesPerPiece}`,
      'position',
    )}) as entry
    where fits
    order by position`.execute(tx)
  return rows.map(({ position, table_name, row_id, image }) => ({
    position,
    table_name,
    row_id,
    // A row image is an object.
    row: image === null ? null : (JSON.parse(image) as Readonly<Record<string, unknown>>),
  }))
}
