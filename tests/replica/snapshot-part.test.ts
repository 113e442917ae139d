import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { addPart } from '../../src-main/data/snapshot/load-parts.ts'
import { removeFolder, temporaryFolder } from '../support/store.ts'

test('a part that the disk does not take is a matter of the disk: the snapshot goes on with it later (F10, D5)', () => {
  const raw = new Sqlite(':memory:').serialize()
  const folder = temporaryFolder()
  removeFolder(folder)
  const target = { file: path.join(folder, 'replica-2.db'), key: new Uint8Array(32) }

  expect(() => addPart(target, 0, raw)).toThrow(expect.objectContaining({ code: 'disk_failing' }))
})
