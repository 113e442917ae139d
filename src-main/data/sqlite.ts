import { accessSync, constants, statfsSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { DomainError } from '../../src-shared/errors.ts'

export type SqliteDatabase = Sqlite.Database

/** Older versions can corrupt a WAL database when the log is reset (FAULTS D13). */
const oldestSqlite = '3.51.3'

/** The data key is wrong, or the file is not ours, or a page of it rotted. */
const unreadable = (file: string): DomainError =>
  new DomainError(
    'database_unreadable',
    `${path.basename(file)} on this computer cannot be read. It was left as it is.`,
  )

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** A page that cannot be read: it rotted, or somebody changed it (FAULTS D7). */
export const isDamage = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error))

/**
 * What a person can do about an error of the disk; undefined when it is about anything else. After such an error nobody
 * knows what of the last commit is on the disk (FAULTS D4-D7).
 */
export const diskProblem = (error: unknown): DomainError | undefined => {
  const code = codeOf(error)
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') return diskFull()
  if (isDamage(error)) {
    return new DomainError('database_unreadable', 'A part of the data on this computer cannot be read.')
  }
  if (/^(SQLITE_(IOERR|READONLY|CANTOPEN)|EIO|EROFS|EACCES|EPERM)/.test(code)) {
    return new DomainError(
      'disk_failing',
      'The disk of this computer cannot be written. Nothing was saved; call for help.',
    )
  }
  return undefined
}

const diskFull = (): DomainError =>
  new DomainError('disk_full', 'The disk of this computer is full. Nothing was saved; make room and try again.')

/** Nothing was written yet: what has no room is SQLite's shared memory, which opening makes. At a commit it says less. */
const openingProblem = (error: unknown, file: string): DomainError | undefined =>
  codeOf(error) === 'SQLITE_IOERR_SHMSIZE' && !hasRoom(file) ? diskFull() : diskProblem(error)

/** For the shared memory of a small log. */
const hasRoom = (file: string): boolean => {
  const { bavail, bsize } = statfsSync(path.dirname(file))
  return bavail * bsize > 64 * 1024
}

/** The disk is full or fails, as opposed to: what it gives is damaged. It may go another time. */
export const isOfDisk = (error: unknown): boolean => error instanceof DomainError && error.code.startsWith('disk_')

export interface OpenOptions {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** FULL for what must survive a power cut, NORMAL for what can be fetched again. */
  readonly synchronous: 'FULL' | 'NORMAL'
  readonly readonly?: boolean
}

/**
 * Both authenticate every page, so that bit rot is caught too (FAULTS D7). AEGIS-256 uses the AES instructions of the
 * processor: a replica, where all the bulk is, is written and read with it in a third of the time. What a replica of an
 * earlier version was written with comes second.
 */
const ciphers = { FULL: ['chacha20'], NORMAL: ['aegis', 'chacha20'] } as const

/** The first of these ciphers, which whatever is written anew gets. */
export const cipherOf = (synchronous: OpenOptions['synchronous']): string => ciphers[synchronous][0]

/**
 * Opens or creates an encrypted database in WAL mode. Throws DomainError `database_unreadable`, `disk_full`,
 * `disk_failing`. `synchronous` is set at every open: SQLite's default in WAL is NORMAL on every reopen (D2).
 */
export const openEncrypted = (file: string, options: OpenOptions): SqliteDatabase => {
  try {
    if (!options.readonly) requirePermission(file)
    return openWithOneOf(ciphers[options.synchronous], file, options)
  } catch (error) {
    const problem = isDamage(error) ? unreadable(file) : openingProblem(error, file)
    throw problem ? Object.assign(problem, { cause: error }) : error
  }
}

/** Opened without it, SQLite would leave a log that has the file's permissions, and stays when those are put right (FAULTS D6). */
const requirePermission = (file: string): void => {
  try {
    accessSync(file, constants.W_OK)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

const openWithOneOf = ([cipher, ...others]: readonly string[], file: string, options: OpenOptions): SqliteDatabase => {
  let db: SqliteDatabase | undefined
  try {
    db = new Sqlite(file, { readonly: options.readonly ?? false, timeout: 5000 })
    db.pragma(`cipher = '${cipher}'`)
    setUp(db, options)
    return db
  } catch (error) {
    db?.close()
    if (others.length === 0 || !isDamage(error)) throw error
    try {
      return openWithOneOf(others, file, options)
    } catch {
      throw error
    }
  }
}

/**
 * Of a file that is made anew. A replica is written in bulk, where SQLite's usual 4 KB cost a fifth more; what a desk
 * does with it one by one takes some hundredths of a millisecond longer. `desk.db` is rescued page by page and keeps to it.
 */
const pageBytes = { FULL: 4096, NORMAL: 8192 } as const

/** To which the write-ahead log shrinks again after somebody has read for a long time (FAULTS D10). */
const keptLogBytes = 4 * 1024 * 1024

const setUp = (db: SqliteDatabase, options: OpenOptions): void => {
  db.pragma(`key = 'raw:${Buffer.from(options.key).toString('hex')}'`)
  requireVersion(db)
  if (!options.readonly) {
    db.pragma(`page_size = ${pageBytes[options.synchronous]}`)
    db.pragma('journal_mode = WAL')
  }
  db.pragma(`synchronous = ${options.synchronous}`)
  db.pragma('temp_store = MEMORY')
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
  if (options.readonly) db.pragma('query_only = ON')
  else {
    db.pragma('secure_delete = ON')
    db.pragma(`journal_size_limit = ${keptLogBytes}`)
  }
  requireSynchronous(db, options.synchronous)
  // Reads a page: a wrong key or cipher is known from here on.
  db.pragma('schema_version')
  if (!options.readonly) requireWritable(db)
}

const requireVersion = (db: SqliteDatabase): void => {
  const version = textOrUndefined(db.prepare('select sqlite_version()').pluck().get()) ?? ''
  if (version.localeCompare(oldestSqlite, 'en', { numeric: true }) < 0) {
    throw new Error(`SQLite ${version} is older than ${oldestSqlite}`)
  }
}

const requireSynchronous = (db: SqliteDatabase, wanted: OpenOptions['synchronous']): void => {
  const level = db.pragma('synchronous', { simple: true })
  if (level !== (wanted === 'FULL' ? 2 : 1)) throw new Error(`synchronous is ${String(level)}, not ${wanted}`)
}

/** SQLite takes a file that it may not write as one to read, and says so only at the first write (FAULTS D6). */
const requireWritable = (db: SqliteDatabase): void => {
  db.exec('begin; pragma user_version = 0; rollback')
}

/** A text that a plucked statement gave, undefined when there was no row. */
export const textOrUndefined = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** A database with its log and shared memory, or with the journal of one that is being filled. */
export const databaseFiles = (file: string): readonly string[] => [
  file,
  `${file}-wal`,
  `${file}-shm`,
  `${file}-journal`,
]
