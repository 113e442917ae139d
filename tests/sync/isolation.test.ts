import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as build from '../support/academy.ts'
import { enrollDesk, type TestDesk } from '../support/desk.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

/** Strings that stand nowhere else. */
const ownCanary = 'Kanarienvogel-Werribee'
const foreignCanary = 'Kanarienvogel-Geelong'
const officeCanary = 'argon2id'

let server: TestServer
let desk: TestDesk
let foreignFacility: string

beforeEach(async () => {
  server = await startSyncServer()
  const { counter, insert } = server
  const other = build.facility({ id: build.newId(), name: 'Geelong', code: 'GEE' })
  foreignFacility = other.id
  const strangers = build.family({ name: foreignCanary })
  const stranger = build.student({ last_name: foreignCanary })
  const link = { id: build.newId(), family_id: strangers.id, facility_id: other.id }
  await insert('facilities', other)
  await insert('families', strangers)
  await insert('students', stranger)
  await insert('family_students', build.childOf(strangers, stranger))
  await insert('family_facilities', link)
  await insert('guardians', build.guardian({ family_id: strangers.id, last_name: foreignCanary }))
  await insert('invoices', build.invoice({ family_id: strangers.id, facility_id: other.id, number: foreignCanary }))
  await insert('guardians', build.guardian({ family_id: counter.family.id, last_name: ownCanary }))
  desk = await enrollDesk(server)
})
afterEach(async () => {
  await desk.remove()
  await server.close()
})

const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))

const bytesOnDisk = (): string =>
  filesOf(desk.folder)
    .map((file) => readFileSync(file, 'latin1'))
    .join('\n')

/** Every value of every row, opened with the key, the search index and the before-images among them. */
const everythingInside = (): string => {
  const { db } = desk.data.signedIn().store.replica
  const tables = db.prepare("select name from sqlite_schema where type = 'table'").pluck().all()
  return tables
    .map((table) =>
      JSON.stringify(
        db
          .prepare(`select * from "${String(table)}"`)
          .raw()
          .all(),
      ),
    )
    .join('\n')
}

describe('a device holds only what its people may see, encrypted (promise 7, H5, H8)', () => {
  test('nothing of another facility is on it, nor any password', () => {
    const inside = everythingInside()

    expect(inside).toContain(ownCanary)
    expect(inside).not.toContain(foreignCanary)
    expect(inside).not.toContain(officeCanary)
  })

  test('what is on the disk cannot be read without the key', async () => {
    await desk.command('check_in.record', {
      entries: [{ student_id: server.counter.children[0].id, session_id: server.counter.session.id }],
    })

    const raw = bytesOnDisk()
    expect(filesOf(desk.folder).map((file) => path.basename(file))).toEqual(
      expect.arrayContaining(['desk.db', 'replica-1.db']),
    )
    expect(raw).not.toContain(ownCanary)
    expect(raw).not.toContain(server.counter.children[0].id)
    expect(raw).not.toContain('SQLite format 3')
  })

  test('a family that moves away leaves the device, in the same transaction of the log (S10)', async () => {
    await server.sql('update family_facilities set facility_id = $1 where family_id = $2', [
      foreignFacility,
      server.counter.family.id,
    ])

    await until(() => desk.rows('families').length === 0)
    expect(desk.rows('guardians')).toEqual([])
    expect(desk.rows('students')).toEqual([])
    expect(desk.rows('invoices')).toEqual([])
    expect(everythingInside()).not.toContain(ownCanary)
  })
})
