import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, zstdCompressSync } from 'node:zlib'
import type Sqlite from 'better-sqlite3'
import { type SnapshotExtent, snapshotExtent, type SnapshotManifest } from '../../src-shared/contract/snapshot.ts'
import { type PartTable, partTables } from '../../src-shared/replica/snapshot-parts.ts'
import { type LogName, newHandle } from '../shapes/handle.ts'
import { fingerprint, manifestFile, partFile, publishedIn } from './place.ts'
import { rowsOfAll, type RowsOf, rowsOfToday } from './today.ts'
import type { WorkingCopy } from './working-copy.ts'

const rowsPerStep = 5000
const pageBytes = 4096

/** Of each extent: those that a desk may be loading right now, and the newest. */
const kept = 2

interface PublishParts {
  /** The folder of the log. */
  readonly folder: string
  readonly log: LogName
  readonly copy: WorkingCopy
  readonly extent: SnapshotExtent
  readonly partBytes: number
  /** Asked before each part; throws where there is none. */
  readonly hasRoom: () => void
  /** Instant. */
  readonly now: string
}

/** Writes a snapshot of the working copy beside the earlier ones, and takes away those that are too old. */
export const publish = ({ folder, log, copy, extent, partBytes, hasRoom, now }: PublishParts): SnapshotManifest => {
  const state = copy.state()
  if (!state) throw new Error('The working copy is empty.')
  const id = `${state.position}-${randomBytes(8).toString('hex')}`
  const draft = join(folder, `${id}.draft`)
  mkdirSync(draft, { mode: 0o700 })
  try {
    copy.db.pragma('analysis_limit = 1000')
    copy.db.exec('analyze')
    const rowsOf = extent === 'today' ? rowsOfToday(copy.db, now) : rowsOfAll
    const parts = writeParts({ db: copy.db, folder: draft, partBytes, hasRoom, rowsOf })
    const manifest: SnapshotManifest = {
      id,
      extent,
      fingerprint,
      handle: newHandle(log, state.epoch),
      epoch: state.epoch,
      position: state.position,
      latest_hlc: state.latestHlc ?? null,
      rows: parts.reduce((sum, { rows }) => sum + rows, 0),
      taken_at: now,
      parts: [...parts],
    }
    writeFileSync(join(draft, manifestFile), JSON.stringify(manifest), { mode: 0o600 })
    renameSync(draft, join(folder, id))
    return manifest
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    throw error
  }
}

/**
 * Takes away what nobody loads any more, and what a crash has left unfinished. The last ones stay, which after a restore are
 * not the furthest.
 */
export const clearOld = (
  root: string,
  folder: string,
  log: LogName,
  isUsable: (manifest: SnapshotManifest) => boolean,
): void => {
  const last = (extent: SnapshotExtent): readonly SnapshotManifest[] =>
    publishedIn(root, log, extent)
      .filter(isUsable)
      .toSorted((a, b) => b.taken_at.localeCompare(a.taken_at))
      .slice(0, kept)
  const names = new Set(snapshotExtent.options.flatMap(last).map(({ id }) => id))
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && !names.has(entry.name))
      rmSync(join(folder, entry.name), { recursive: true, force: true })
  }
}

type Part = SnapshotManifest['parts'][number]

interface Writing extends Pick<PublishParts, 'folder' | 'partBytes' | 'hasRoom'> {
  readonly db: Sqlite.Database
  readonly rowsOf: RowsOf
}

const writeParts = ({ db, folder, partBytes, hasRoom, rowsOf }: Writing): readonly Part[] => {
  const parts: Part[] = []
  let rows = 0
  db.exec("attach ':memory:' as part")
  const flush = (): void => {
    hasRoom()
    const raw = db.serialize({ attached: 'part' })
    const packed = zstdCompressSync(raw, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })
    writeFileSync(join(folder, partFile(parts.length)), packed, { mode: 0o600 })
    const sha256 = createHash('sha256').update(packed).digest('hex')
    parts.push({ bytes: packed.length, raw_bytes: raw.length, sha256, rows })
    rows = 0
    db.exec("detach part; attach ':memory:' as part")
  }
  try {
    for (const added of fillAll(db, rowsOf)) {
      rows += added
      if (filled(db) >= partBytes) flush()
    }
    flush()
    return parts
  } finally {
    db.exec('detach part')
  }
}

const filled = (db: Sqlite.Database): number => pageBytes * Number(db.pragma('part.page_count', { simple: true }))

/** Where the rows of the tables come from that the working copy has under another name. */
const sources: Readonly<Record<string, string>> = {
  search_terms: 'select rowid as id, family_id, terms from main.search_index',
  statistics_1: 'select tbl, idx, stat from main.sqlite_stat1',
  statistics_4: 'select tbl, idx, neq, nlt, ndlt, sample from main.sqlite_stat4',
}

/** Adds the rows of all tables, and tells with each step how many that count. */
function* fillAll(db: Sqlite.Database, rowsOf: RowsOf): Generator<number> {
  for (const table of partTables) {
    for (const added of fill(db, table, rowsOf)) yield table.isCounted ? added : 0
  }
}

/** Adds the rows of a table to the part, step by step; between two steps the part may be another one. */
function* fill(db: Sqlite.Database, table: PartTable, rowsOf: RowsOf): Generator<number> {
  const ddl = table.ddl.replace('create table ', 'create table if not exists part.')
  const source = sources[table.name]
  if (source !== undefined && !table.name.startsWith('search')) {
    db.exec(ddl)
    yield db.prepare(`insert into part."${table.name}" ${source}`).run().changes
    return
  }
  const from = source === undefined ? rowsOf(table.name) : `(${source})`
  for (let after: unknown = source === undefined ? '' : 0; after !== null;) {
    const last: unknown = db
      .prepare(`select max(id) from (select id from ${from} where id > ? order by id limit ${rowsPerStep})`)
      .pluck()
      .get(after)
    if (last === null) return
    db.exec(ddl)
    yield db
      .prepare(`insert into part."${table.name}" select * from ${from} where id > ? and id <= ? order by id`)
      .run(after, last).changes
    after = last
  }
}
