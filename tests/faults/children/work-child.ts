import { readFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { deskMigrations } from '../../../src-main/data/desk/migrations.ts'
import { migrate } from '../../../src-main/data/desk/open.ts'
import { Store } from '../../../src-main/data/store.ts'
import type { Counter } from '../../support/counter-rows.ts'
import { storeParts } from '../../support/store.ts'
import { logChanges, mark, watchFolder } from '../support/disk-control.ts'
import { firstDay, laterMigration, serveFamily, wholeDay } from './counter-work.ts'

/**
 * A desk that works in its folder: `work-child.ts FOLDER COUNTER WORK [LOG]`. It says what was saved on its output, and in
 * the log of its disk where one is wanted.
 */
const [folder, counterFile, workName, log] = process.argv.slice(2)
const works = { firstDay, migrateDesk: serveFamily, serveFamily, wholeDay }
if (!folder || !counterFile || !workName) throw new Error('Usage: work-child.ts FOLDER COUNTER WORK [LOG]')
// Both are given by the test.
const counter = JSON.parse(readFileSync(counterFile, 'utf8')) as Counter
const work = works[workName as keyof typeof works]

if (log) {
  watchFolder(folder)
  logChanges(log)
}
const store = await Store.open(storeParts(folder, counter))
await work(store, counter, (line) => {
  mark(line)
  writeSync(1, `${line}\n`)
})
await store.close()
if (workName === 'migrateDesk') {
  const { environment, key } = storeParts(folder, counter)
  const db = environment.disk.open(path.join(folder, 'desk.db'), { key, synchronous: 'FULL' })
  migrate(db, [...deskMigrations, laterMigration])
  db.close()
}
writeSync(1, 'done\n')
