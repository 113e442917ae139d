import { createHash } from 'node:crypto'
import Sqlite from 'better-sqlite3'
import { type SnapshotManifest, snapshotManifest } from '../../../src-shared/contract/snapshot.ts'
import { createTables, indexDdl, schemaFingerprint } from '../../../src-shared/replica/schema.ts'
import { partTables, snapshotFingerprint } from '../../../src-shared/replica/snapshot-parts.ts'
import type { Disk } from '../environment.ts'
import { stateStore } from '../replica/state.ts'
import { cipherOf, diskProblem, isOfDisk, type SqliteDatabase, textOrUndefined } from '../sqlite.ts'
import { DamagedPart, type LoadProgress, type PartFacts, type ReplicaFile } from './replica-work.ts'

/** What a manifest must say, or its parts are of no use to this program. */
export const fingerprint = createHash('sha256').update(snapshotFingerprint()).digest('hex')

const putProgress = "insert or replace into replica_state values ('snapshot', ?)"

/** Begins a load: an empty replica that knows what it is being filled with. */
export const beginLoad = (disk: Disk, { file, key }: ReplicaFile, manifest: SnapshotManifest): void => {
  disk.remove(file)
  const db = disk.open(file, { key, synchronous: 'NORMAL' })
  try {
    db.transaction(() => {
      createTables(db)
      db.prepare("insert into replica_state values ('fingerprint', ?)").run(schemaFingerprint())
      db.prepare(putProgress).run(JSON.stringify({ manifest, partsDone: 0 } satisfies LoadProgress))
    }).immediate()
    // Makes the tables of the statistics, which come with the last part.
    db.exec('analyze')
  } finally {
    db.close()
  }
}

export const progressOf = (disk: Disk, { file, key }: ReplicaFile): LoadProgress | undefined => {
  let db: SqliteDatabase | undefined
  try {
    db = disk.open(file, { key, synchronous: 'NORMAL' })
    return readProgress(db)
  } catch (error) {
    // What a full or failing disk does not show may all be there.
    if (isOfDisk(diskProblem(error) ?? error)) throw error
    // No tables yet, a page that rotted: it is a copy, and is made anew.
    return undefined
  } finally {
    db?.close()
  }
}

const readProgress = (db: SqliteDatabase): LoadProgress | undefined => {
  const stateOf = db.prepare('select value from replica_state where key = ?').pluck()
  const text = textOrUndefined(stateOf.get('snapshot'))
  if (text === undefined || stateOf.get('fingerprint') !== schemaFingerprint()) return undefined
  // Written by this program, in a version of the same fingerprint.
  const { manifest, partsDone } = JSON.parse(text) as LoadProgress
  const parsed = snapshotManifest.safeParse(manifest)
  return parsed.success && parsed.data.fingerprint === fingerprint ? { manifest: parsed.data, partsDone } : undefined
}

/** Throws DamagedPart when it is not what the server made. */
export const requireHash = ({ sha256 }: PartFacts, packed: Uint8Array): void => {
  if (createHash('sha256').update(packed).digest('hex') !== sha256) throw new DamagedPart('its hash is another one')
}

/**
 * How zstd unpacks a part: into one piece, in a single call. By the usual 16 KB, each piece a job of its own, it took
 * four times as long. One byte more than there is, so that no second piece is needed to see the end.
 */
export const unpacking = ({ raw_bytes }: PartFacts) => ({
  maxOutputLength: raw_bytes,
  chunkSize: Math.max(raw_bytes + 1, leastPiece),
})

/** zlib takes no less. */
const leastPiece = 64

/**
 * Adds a part in one transaction, together with how many are in. The part is opened in memory, with the replica attached
 * under its key: no plain byte of it touches the disk (promise 7). While it is filled the replica has a rollback journal
 * in place of WAL: new pages need none, so each is encrypted and written once and not three times.
 */
export const addPart = ({ file, key }: ReplicaFile, number: number, raw: Uint8Array): void => {
  const part = openPart(raw)
  try {
    attach(part, { file, key })
    part.exec('begin immediate')
    const text = part.prepare("select value from replica.replica_state where key = 'snapshot'").pluck().get()
    // As above; `progressOf` has looked at it.
    const progress = JSON.parse(String(text)) as LoadProgress
    if (progress.partsDone !== number) throw new Error(`Part ${number} comes after ${progress.partsDone} parts`)
    for (const sql of statementsFor(part)) part.exec(sql)
    part
      .prepare("insert or replace into replica.replica_state values ('snapshot', ?)")
      .run(JSON.stringify({ ...progress, partsDone: number + 1 } satisfies LoadProgress))
    part.exec('commit')
  } catch (error) {
    throw diskProblem(error) ?? error
  } finally {
    // Rolls back what was not committed.
    part.close()
  }
}

const openPart = (raw: Uint8Array): SqliteDatabase => {
  const part = new Sqlite(Buffer.from(raw.buffer, raw.byteOffset, raw.length))
  part.pragma('temp_store = MEMORY')
  part.pragma('trusted_schema = OFF')
  part.pragma('cell_size_check = ON')
  return part
}

const attach = (db: SqliteDatabase, { file, key }: ReplicaFile): void => {
  db.pragma(`cipher = '${cipherOf('NORMAL')}'`)
  db.prepare('attach ? as replica key ?').run(file, `raw:${Buffer.from(key).toString('hex')}`)
  db.pragma('replica.journal_mode = delete')
  db.pragma('replica.synchronous = FULL')
  db.pragma('replica.cache_size = -16384')
}

/** Only rows of tables that we know come in, whatever else a part may hold. */
const statementsFor = (part: SqliteDatabase): readonly string[] => {
  const present = new Set(
    part.prepare("select name from main.sqlite_schema where type = 'table'").pluck().all().map(String),
  )
  return partTables.filter(({ name }) => present.has(name)).flatMap(({ intoReplica }) => intoReplica)
}

/** After the last part: the indexes, and where the log goes on. It can be done again after a cut. */
export const finishLoad = (disk: Disk, { file, key }: ReplicaFile): void => {
  const db = disk.open(file, { key, synchronous: 'NORMAL' })
  try {
    const progress = readProgress(db)
    if (!progress || progress.partsDone < progress.manifest.parts.length) throw new DamagedPart('parts are missing')
    // Nobody else has it open: without WAL here too.
    db.pragma('journal_mode = delete')
    db.pragma('cache_size = -16384')
    for (const ddl of indexDdl) db.exec(ddl)
    const { extent, position, handle, latest_hlc, taken_at } = progress.manifest
    const isOfToday = extent === 'today'
    const latestHlc = latest_hlc ?? undefined
    const at = { position, handle, latestHlc, receivedUpTo: taken_at }
    db.transaction(() => {
      stateStore(db).update({ ...at, isIndexed: true, isStale: isOfToday, isOfToday })
    }).immediate()
  } finally {
    db.close()
  }
}
