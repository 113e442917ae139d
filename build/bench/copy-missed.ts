import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Client, escapeLiteral } from 'pg'
import { databaseFiles, openEncrypted } from '../../src-main/data/sqlite.ts'
import { copyOut } from './copy-out.ts'
import type { Place } from './place.ts'

/** Seconds that the entries of the log after a position take into an encrypted file: no HTTP, no rows made of them. */
export const copyMissed = async ({ stack, folder, facility }: Place, position: number): Promise<number> => {
  const file = join(folder, 'missed.db')
  const client = new Client({ connectionString: stack.postgresUrl })
  await client.connect()
  const db = openEncrypted(file, { key: randomBytes(32), synchronous: 'NORMAL' })
  try {
    const begin = performance.now()
    db.exec('create table missed (id text primary key, "row" text) strict, without rowid; begin')
    const insert = db.prepare('insert or replace into missed values (?, ?)')
    const its = `facility_id = ${escapeLiteral(facility.facilityId)} and audience = 'desk' and position > ${position}`
    await copyOut(client, `copy (select row_id, "row" from sync_log where ${its} order by position) to stdout`, (row) =>
      insert.run(row),
    )
    db.exec('commit')
    return (performance.now() - begin) / 1000
  } finally {
    await client.end()
    db.close()
    for (const each of databaseFiles(file)) rmSync(each, { force: true })
  }
}
