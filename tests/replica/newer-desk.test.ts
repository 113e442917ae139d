import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { counterRows } from '../support/counter-rows.ts'
import { openCounterStore, removeFolder, storeParts, temporaryFolder } from '../support/store.ts'
import { Store } from '../../src-main/data/store.ts'

let folder = ''
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => removeFolder(folder))

test('what a newer program has written is left alone, and said (D14)', async () => {
  const counter = counterRows()
  const parts = storeParts(folder, counter)
  await (await openCounterStore(folder, counter)).close()
  const { key, environment } = parts
  const open = () => environment.disk.open(path.join(folder, 'desk.db'), { key, synchronous: 'FULL' })
  const newer = open()
  newer.pragma('user_version = 99')
  newer.close()

  await expect(Store.open(parts)).rejects.toMatchObject({ code: 'update_needed', details: { part: 'desk' } })

  const after = open()
  expect(after.pragma('user_version', { simple: true })).toBe(99)
  after.close()
})
