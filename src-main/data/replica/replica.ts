import { Kysely, SqliteDialect, type Transaction } from 'kysely'
import { createTables, schemaFingerprint } from '../../../src-shared/replica/schema.ts'
import { installSearchIndex, type SearchIndex } from '../../../src-shared/replica/search-index.ts'
import type { SearchDatabase } from '../../../src-shared/schema/search-index.ts'
import type { Database } from '../../../src-shared/schema/tables.ts'
import type { Disk } from '../environment.ts'
import { diskProblem, type SqliteDatabase } from '../sqlite.ts'
import { type BeforeImages, installBeforeImages } from './before-images.ts'
import type { Damage } from './damage.ts'
import { keptStatements } from './kept-statements.ts'
import { progressReader, type ReplicaState, stateReader, type StateStore, stateStore } from './state.ts'
import { type UnsentReads, unsentReads } from './unsent-reads.ts'

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
  readonly readProgress: ReturnType<typeof progressReader>
  /** One more connection, for a reading that takes long; whoever opens it closes it. */
  readonly openApart: () => SqliteDatabase
  /** An error of such a connection as the person gets it; damage is told to whoever renews. */
  readonly explained: Damage['explained']
  /** A page of the shown one could not be read. */
  readonly isDamaged: Damage['isFound']
  /** One transaction; the caller sees to it that there is one at a time. */
  readonly transact: <T>(work: (tx: Transaction<Database>) => Promise<T>) => Promise<T>
  /** What a complete replica has, and one that is still loading has not. */
  readonly live: () => Live
  /** Brings everything that was committed to the disk itself, past a power cut. */
  readonly flush: () => void
  /** Brings the search index up to the rows that were added while it was not live yet; nothing where there is none. */
  readonly keepSearch: () => void
  /** Ends the first sync, when the indexes are there: triggers, and where the log stands. */
  readonly complete: (at: Pick<ReplicaState, 'position' | 'handle' | 'receivedUpTo'>) => Promise<void>
  readonly close: () => Promise<void>
}

interface Live {
  readonly images: BeforeImages
  readonly reads: UnsentReads
  readonly search: SearchIndex
}

export interface ReplicaParts {
  readonly disk: Disk
  readonly file: string
  /** 32 bytes. */
  readonly key: Uint8Array
  readonly damage: Damage
}

/**
 * Opens the replica, or makes a new one where there is none. Undefined when it was made by another version of this
 * program, for other tables. Throws DomainError `database_unreadable`, `disk_full`, `disk_failing`; deletes nothing.
 */
export const openReplica = (parts: ReplicaParts): Replica | undefined => {
  const { disk, file, key } = parts
  const connections = [disk.open(file, { key, synchronous: 'NORMAL' })]
  try {
    const db = connections[0] as SqliteDatabase
    if (!hasTables(db)) makeTables(db)
    else if (fingerprintOf(db) !== schemaFingerprint()) {
      closeAll(connections)
      return undefined
    }
    connections.push(disk.open(file, { key, synchronous: 'NORMAL', readonly: true }))
    return replicaOver(parts, db, connections[1] as SqliteDatabase)
  } catch (error) {
    closeAll(connections)
    throw diskProblem(error) ?? error
  }
}

const closeAll = (connections: readonly SqliteDatabase[]): void => {
  for (const db of connections) db.close()
}

const replicaOver = (
  { disk, file, key, damage }: ReplicaParts,
  db: SqliteDatabase,
  readConnection: SqliteDatabase,
): Replica => {
  const writes = new Kysely<Database>({ dialect: new SqliteDialect({ database: keptStatements(db, damage) }) })
  const reads = new Kysely<SearchDatabase>({
    dialect: new SqliteDialect({ database: keptStatements(readConnection, damage) }),
  })
  tune(readConnection, { cacheKib: 32_768 })
  const state = stateStore(db)
  const { isIndexed, isComplete } = state.read()
  if (!isComplete) tune(db, { cacheKib: 65_536, pagesInLog: 1000 })
  // Once on a connection: a replica that was completed and not shown yet is completed again.
  let search = isIndexed ? installSearch(db) : undefined
  let live = isComplete && search ? goLive(db, search) : undefined

  const transact: Replica['transact'] = (work) => writes.transaction().execute(work)
  return {
    file,
    db,
    state,
    reads,
    readDb: readConnection,
    readState: stateReader(readConnection),
    readProgress: progressReader(readConnection),
    explained: damage.explained,
    isDamaged: damage.isFound,
    openApart: () => disk.open(file, { key, synchronous: 'NORMAL', readonly: true }),
    transact,
    live() {
      if (!live) throw new Error('The replica is still loading')
      return live
    },
    flush: () => void db.pragma('wal_checkpoint(PASSIVE)'),
    keepSearch: () => void search?.refresh(),
    async complete(at) {
      await transact(async () => state.update({ ...at, since: 0, isIndexed: true, isComplete: true }))
      search ??= installSearch(db)
      live ??= goLive(db, search)
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

/** All or nothing, as goLive: what a failing disk left half installed would be taken for whole. */
const installSearch = (db: SqliteDatabase): SearchIndex => db.transaction(() => installSearchIndex(db))()

const goLive = (db: SqliteDatabase, search: SearchIndex): Live => {
  tune(db, { cacheKib: 16_384, pagesInLog: 500 })
  return db.transaction(() => ({ images: installBeforeImages(db), reads: unsentReads(db), search }))()
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

/** There are none in a new file, and in one whose making was cut: they are made in one transaction. */
const hasTables = (db: SqliteDatabase): boolean =>
  db.prepare("select 1 from sqlite_schema where name = 'replica_state'").get() !== undefined

const fingerprintOf = (db: SqliteDatabase): unknown =>
  db.prepare("select value from replica_state where key = 'fingerprint'").pluck().get()

const makeTables = (db: SqliteDatabase): void => {
  db.transaction(() => {
    createTables(db)
    db.prepare("insert into replica_state values ('fingerprint', ?)").run(schemaFingerprint())
  }).immediate()
}
