import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Store } from '../../src-main/data/store.ts'
import { createTables, schemaFingerprint } from '../../src-shared/replica/schema.ts'
import { counterRows, entriesOf } from '../support/counter-rows.ts'
import { openCounterStore, removeFolder, storeParts, temporaryFolder } from '../support/store.ts'

test('a load that begins anew never takes the file of the replica that is open, also where that is a later one than desk.db names (F8)', async () => {
  const folder = temporaryFolder()
  const counter = counterRows()
  const removed: string[] = []
  const { environment, ...rest } = storeParts(folder, counter)
  const remove = (file: string): void => {
    removed.push(file)
    environment.disk.remove(file)
  }
  const parts = { ...rest, environment: { ...environment, disk: { ...environment.disk, remove } } }
  await (await openCounterStore(folder, counter)).close()
  const named = path.join(folder, 'replica-1.db')
  writeFileSync(
    named,
    readFileSync(named).map((byte, at) => (at >= 100 && at < 3000 ? byte ^ 1 : byte)),
  )
  const store = await Store.open(parts)
  const shown = store.replica.file
  // A snapshot was loaded into the next one, and what came right behind it was `must-refetch`.
  await store.fillNext(async (_work, target) => {
    const db = parts.environment.disk.open(target.file, { key: target.key, synchronous: 'NORMAL' })
    createTables(db)
    db.prepare("insert into replica_state values ('fingerprint', ?)").run(schemaFingerprint())
    db.close()
    return 'loaded'
  })

  await store.startOver()

  expect(path.basename(shown)).toBe('replica-2.db')
  expect(removed).not.toContain(shown)
  const entries = entriesOf(counter.rows)
  await store.append(entries, 'handle-2')
  await store.completeLoad({ position: entries.length, handle: 'handle-2', serverTime: undefined })
  expect(path.basename(store.replica.file)).toBe('replica-3.db')
  await store.close()
  removeFolder(folder)
})
