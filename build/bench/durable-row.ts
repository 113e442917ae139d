import { randomBytes, randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { databaseFiles, openEncrypted } from '../../src-main/data/sqlite.ts'

/** One durable commit of a row as long as a mutation's, in an encrypted database in this folder. */
export const durableRow = (folder: string) => {
  const file = join(folder, 'durable.db')
  const db = openEncrypted(file, { key: randomBytes(32), synchronous: 'FULL' })
  db.exec('create table mutations (seq integer primary key, id text not null unique, envelope text not null) strict')
  const insert = db.prepare('insert into mutations (id, envelope) values (?, ?)')
  const envelope = 'x'.repeat(800)
  return {
    commit: () => void insert.run(randomUUID(), envelope),
    close: () => {
      db.close()
      for (const each of databaseFiles(file)) rmSync(each, { force: true })
    },
  }
}
