import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEncrypted } from '../../src-main/data/sqlite.ts'
import { removeFolder, temporaryFolder } from '../support/store.ts'

const key = new Uint8Array(32).fill(7)
let folder: string
let file: string

beforeEach(() => {
  folder = temporaryFolder()
  file = path.join(folder, 'replica-1.db')
})
afterEach(() => removeFolder(folder))

const sumIn = (): unknown => {
  const db = openEncrypted(file, { key, synchronous: 'NORMAL' })
  try {
    return db.prepare('select sum(length(text)) from notes').pluck().get()
  } finally {
    db.close()
  }
}
const fill = (db: Sqlite.Database): void => {
  db.exec('create table notes (id integer primary key, text text not null) strict')
  const add = db.prepare('insert into notes (text) values (?)')
  for (let row = 0; row < 200; row += 1) add.run('Kanarienvogel '.repeat(20))
}

test.each(['chacha20', 'aegis'])(
  'a replica that an earlier version wrote in 4 KB with %s is read and written',
  (cipher) => {
    const old = new Sqlite(file)
    old.pragma(`cipher = '${cipher}'`)
    old.pragma(`key = 'raw:${Buffer.from(key).toString('hex')}'`)
    fill(old)
    old.close()

    const before = sumIn()
    const db = openEncrypted(file, { key, synchronous: 'NORMAL' })
    db.exec("insert into notes (text) values ('x')")
    db.close()

    expect(before).toBe(200 * 280)
    expect(sumIn()).toBe(200 * 280 + 1)
  },
)

test('one bit anywhere in a replica is found, not served (D7)', () => {
  const db = openEncrypted(file, { key, synchronous: 'NORMAL' })
  fill(db)
  db.close()
  const whole = readFileSync(file)

  const served: number[] = []
  for (let flip = 0; flip < 200; flip += 1) {
    // The file begins with 16 bytes of salt, which a key of our own does not use.
    const position = 16 + Math.floor((flip * (whole.length - 16)) / 200)
    const rotten = Buffer.from(whole)
    rotten[position] = (rotten[position] ?? 0) ^ (1 << (flip % 8))
    writeFileSync(file, rotten)
    try {
      sumIn()
      served.push(position)
    } catch {
      // Found.
    }
  }

  expect(whole.includes('Kanarienvogel')).toBe(false)
  expect(served).toEqual([])
})
