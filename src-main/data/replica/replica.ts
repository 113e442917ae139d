import { setImmediate } from 'node:timers/promises'
import { Kysely, SqliteDialect, type Transaction } from 'kysely'
import { finishingSteps } from '../../../src-shared/replica/finishing.ts'
import { createTables, schemaFingerprint } from '../../../src-shared/replica/schema.ts'
import { installSearchIndex, type SearchIndex } from '../../../src-shared/replica/search-index.ts'
import type { SearchDatabase } from '../../../src-shared/schema/search-index.ts'
import type { Database } from '../../../src-shared/schema/tables.ts'
import type { Disk } from '../environment.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import { type BeforeImages, installBeforeImages } from './before-images.ts'
import { keptStatements } from './kept-statements.ts'
import { type ReplicaState, stateReader, type StateStore, stateStore } from './state.ts'

/** A copy of the facility's rows. It can be deleted at any time and made again from the server and `desk.db`. */
export interface Replica {
  readonly file: string
  /** The writer's connection: inside `transact`, or where nothing else runs. */
  readonly db: SqliteDatabase
  readonly state: StateStore
  /** A connection of its own that cannot write: it sees what is committed, also while a transaction is under way. */
  readonly reads: Kysely<SearchDatabase>
  readonly readDb: SqliteDatabase
  readonly readState: () => ReplicaState
  /** One transaction; the caller sees to it that there is one at a time. */
  readonly transact: <T>(work: (tx: Transaction<Database>) => Promise<T>) => Promise<T>
  /** What a complete replica has, and one that is still loading has not. */
  readonly live: () => Live
  /** Ends the first sync: indexes, search index, triggers, and where the log stands. */
  readonly complete: (at: Pick<ReplicaState, 'position' | 'handle' | 'receivedUpTo'>) => Promise<void>
  readonly close: () => Promise<void>
}

interface Live {
  readonly images: BeforeImages
  readonly search: SearchIndex
}

/** Opens the replica, or makes a new one where it is missing or of another shape. */
export const openReplica = (disk: Disk, file: string, key: Uint8Array): Replica => {
  const db = openCurrent(disk, file, key) ?? createReplica(disk, file, key)
  const writes = new Kysely<Database>({ dialect: new SqliteDialect({ database: keptStatements(db) }) })
  const readConnection = disk.open(file, { key, synchronous: 'NORMAL', readonly: true })
  const reads = new Kysely<SearchDatabase>({ dialect: new SqliteDialect({ database: keptStatements(readConnection) }) })
  tune(readConnection, { cacheKib: 32_768 })
  const state = stateStore(db)
  if (!state.read().isComplete) tune(db, { cacheKib: 65_536, pagesInLog: 16_000 })
  let live: Live | undefined = state.read().isComplete ? goLive(db) : undefined

  const transact: Replica['transact'] = (work) => writes.transaction().execute(work)
  return {
    file,
    db,
    state,
    reads,
    readDb: readConnection,
    readState: stateReader(readConnection),
    transact,
    live() {
      if (!live) throw new Error('The replica is still loading')
      return live
    },
    async complete(at) {
      for (const step of finishingSteps(db)) {
        step()
        await setImmediate()
      }
      await transact(async () => state.update({ ...at, isComplete: true }))
      live ??= goLive(db)
    },
    async close() {
      // Kysely closes only what it has used. The writer goes last: it empties the log into the file.
      await reads.destroy()
      readConnection.close()
      await writes.destroy()
      db.close()
    },
  }
}

const goLive = (db: SqliteDatabase): Live => {
  tune(db, { cacheKib: 16_384, pagesInLog: 1000 })
  return { images: installBeforeImages(db), search: installSearchIndex(db) }
}

interface Tuning {
  /** SQLite's own are 2 MB, too little for pages that must be decrypted. */
  readonly cacheKib: number
  /** How many pages the write-ahead log holds before they go into the file. */
  readonly pagesInLog?: number
}

const tune = (db: SqliteDatabase, { cacheKib, pagesInLog }: Tuning): void => {
  db.pragma(`cache_size = -${cacheKib}`)
  if (pagesInLog !== undefined) db.pragma(`wal_autocheckpoint = ${pagesInLog}`)
}

/** Undefined when there is none, or one of another shape or key: it is a copy, so it is made anew. */
const openCurrent = (disk: Disk, file: string, key: Uint8Array): SqliteDatabase | undefined => {
  let db: SqliteDatabase | undefined
  try {
    db = disk.open(file, { key, synchronous: 'NORMAL' })
    const fingerprint = db.prepare("select value from replica_state where key = 'fingerprint'").pluck().get()
    if (fingerprint === schemaFingerprint()) return db
  } catch {
    // Missing tables, a wrong key or a damaged page: all are mended by a new copy.
  }
  db?.close()
  return undefined
}

const createReplica = (disk: Disk, file: string, key: Uint8Array): SqliteDatabase => {
  disk.remove(file)
  const db = disk.open(file, { key, synchronous: 'NORMAL' })
  db.transaction(() => {
    createTables(db)
    db.prepare("insert into replica_state values ('fingerprint', ?)").run(schemaFingerprint())
  }).immediate()
  return db
}
