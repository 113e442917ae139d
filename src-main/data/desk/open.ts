import path from 'node:path'
import type { Disk } from '../environment.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import { deskMigrations } from './migrations.ts'

/** Opens `desk.db`, the local truth: FULL, so that what was answered "saved" survives a power cut (promise 1). */
export const openDesk = (disk: Disk, folder: string, key: Uint8Array): SqliteDatabase => {
  const db = disk.open(path.join(folder, 'desk.db'), { key, synchronous: 'FULL' })
  migrate(db)
  return db
}

const migrate = (db: SqliteDatabase): void => {
  const version = Number(db.pragma('user_version', { simple: true }))
  if (version > deskMigrations.length) {
    throw new Error('desk.db was written by a newer Foyer. Update this computer.')
  }
  for (const [index, sql] of deskMigrations.entries()) {
    if (index < version) continue
    db.transaction(() => {
      db.exec(sql)
      db.pragma(`user_version = ${index + 1}`)
    }).immediate()
  }
}
