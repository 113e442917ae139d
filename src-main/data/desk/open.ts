import path from 'node:path'
import { DomainError } from '../../../src-shared/errors.ts'
import type { Disk } from '../environment.ts'
import { isDamage, type SqliteDatabase } from '../sqlite.ts'
import { deskMigrations } from './migrations.ts'
import { finishRescue, nameReplica, replicaToShow, rescueDesk } from './rescue.ts'
import { committedFrames, hidesCommits } from './write-ahead-log.ts'

/**
 * Opens `desk.db`, the local truth: FULL, so that what was answered "saved" survives a power cut (promise 1). When it is
 * damaged, what can be read of it goes into a new one (rescue.ts). Throws `database_unreadable` when nothing can.
 */
export const openDesk = (disk: Disk, folder: string, key: Uint8Array): SqliteDatabase => {
  const parts = { disk, folder, key, migrate: (db: SqliteDatabase) => migrate(db) }
  finishRescue(disk, folder)
  const log = disk.read(path.join(folder, 'desk.db-wal')) ?? new Uint8Array()
  const isAlone = (): boolean =>
    committedFrames(log).length > 0 && (disk.read(path.join(folder, 'desk.db')) ?? []).length === 0
  // Opening would let go of them.
  if (hidesCommits(log) || isAlone()) rescueDesk(parts)
  try {
    return openSound(disk, folder, key)
  } catch (error) {
    if (!isUnreadable(error) || !rescueDesk(parts)) throw error
    return openSound(disk, folder, key)
  }
}

const isUnreadable = (error: unknown): boolean =>
  isDamage(error) || (error instanceof DomainError && error.code === 'database_unreadable')

const openSound = (disk: Disk, folder: string, key: Uint8Array): SqliteDatabase => {
  const file = path.join(folder, 'desk.db')
  // Somebody may have deleted it: the replica knows what it held. Looked for first: what throws now is looked for again.
  const found = disk.read(file) === undefined ? replicaToShow({ disk, folder, key }) : undefined
  const db = disk.open(file, { key, synchronous: 'FULL' })
  try {
    requireSound(db)
    migrate(db)
    if (found !== undefined) nameReplica(db, found)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Reads every page, some ten milliseconds: damage is found before anything is built on it. */
const requireSound = (db: SqliteDatabase): void => {
  const verdict = db.pragma('quick_check(1)', { simple: true })
  if (verdict === 'ok') return
  throw new DomainError('database_unreadable', 'A part of desk.db on this computer cannot be read.', {
    found: String(verdict),
  })
}

/** Brings `desk.db` to the newest of these versions, each in one transaction. Throws `update_needed` for a newer one. */
export const migrate = (db: SqliteDatabase, migrations: readonly string[] = deskMigrations): void => {
  const version = Number(db.pragma('user_version', { simple: true }))
  if (version > migrations.length) {
    throw new DomainError('update_needed', 'desk.db was written by a newer Foyer. Update this computer.', {
      part: 'desk',
    })
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue
    db.transaction(() => {
      db.exec(sql)
      db.pragma(`user_version = ${index + 1}`)
    }).immediate()
  }
}
