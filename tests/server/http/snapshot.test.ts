import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type SnapshotManifest, snapshotManifest } from '../../../src-shared/contract/snapshot.ts'
import { createTables } from '../../../src-shared/replica/schema.ts'
import { refreshSnapshot } from '../../../sync-server/snapshots/refresh.ts'
import { isStillToday, isWorthwhile } from '../../../sync-server/snapshots/today.ts'
import { academy, facility, family, newId } from '../../support/academy.ts'
import { addFamilies, addOldSessions, eagerPolicy, publishSnapshot, publishToday } from '../../support/snapshots.ts'
import { removeFolder, temporaryFolder } from '../../support/store.ts'
import { startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'

let server: TestServer
let snapshots: string
let device: TestDevice
let manifest: SnapshotManifest

beforeAll(async () => {
  snapshots = temporaryFolder()
  server = await startSyncServer({ snapshotFolder: snapshots })
  await addFamilies(server, 300)
  device = await server.enroll()
})
afterAll(async () => {
  await server.close()
  removeFolder(snapshots)
})
beforeEach(async () => {
  manifest = await publishSnapshot(server, snapshots)
})

const partOf = async (of: TestDevice, number: number, query = `&id=${manifest.id}`): Promise<Response> =>
  fetch(`${server.url()}/v1/snapshot/part?part=${number}${query}`, {
    headers: { authorization: `Bearer ${await of.token()}` },
  })
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())

/** All rows of a table in all parts, by id. */
const rowsIn = async (table: string): Promise<readonly unknown[]> => {
  const rows: unknown[] = []
  for (const number of manifest.parts.keys()) {
    const db = new Sqlite(zstdDecompressSync(await bytesOf(await partOf(device, number))))
    const isThere = db.prepare('select 1 from sqlite_schema where name = ?').get(table)
    if (isThere) rows.push(...db.prepare(`select * from "${table}" order by id`).all())
    db.close()
  }
  return rows
}

describe('the manifest', () => {
  test('says what there is, up to where, and how the log goes on', async () => {
    const { status, headers, body } = await device.request('/v1/snapshot')

    const [head] = await server.sql<{ position: string }>(
      'select position from facility_heads where facility_id = $1 and audience = $2',
      [academy.facility_id, 'desk'],
    )
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('private, no-store')
    expect(snapshotManifest.parse(body)).toEqual(manifest)
    expect(manifest.position).toBe(Number(head?.position))
    const { status: goesOn } = await device.request(
      `/v1/shape?table=sync_log&offset=${manifest.position}_0&handle=${manifest.handle}`,
    )
    expect(goesOn).toBe(200)
  })

  test('is not given to who has no token', async () => {
    const answer = await fetch(`${server.url()}/v1/snapshot`)

    expect(answer.status).toBe(401)
  })

  test('is not given of another history, or when removals after it are forgotten (S5, S12)', async () => {
    await server.sql('update facility_heads set pruned_to = position where audience = $1', ['desk'])
    await addFamilies(server, 1)
    await server.sql('update facility_heads set pruned_to = position where audience = $1', ['desk'])
    const forgotten = await device.request('/v1/snapshot')
    const anew = await publishSnapshot(server, snapshots)
    const again = await device.request<SnapshotManifest>('/v1/snapshot')
    await server.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)
    const restored = await device.request('/v1/snapshot')

    expect([forgotten.status, again.status, restored.status]).toEqual([404, 200, 404])
    expect(again.body.id).toBe(anew.id)
  })

  test('of the office is for the office only', async () => {
    const { status } = await device.request('/v1/snapshot?audience=office')

    expect(status).toBe(403)
  })
})

describe('the parts', () => {
  test('are what the manifest says, and hold every row once', async () => {
    for (const [number, { bytes, sha256 }] of manifest.parts.entries()) {
      const part = await bytesOf(await partOf(device, number))
      expect(part).toHaveLength(bytes)
      expect(createHash('sha256').update(part).digest('hex')).toBe(sha256)
    }
    const [families] = await server.sql<{ count: string }>('select count(*) from families')
    const ids = (await rowsIn('families')).map((row) => (row as { readonly id: string }).id)
    expect(new Set(ids).size).toBe(Number(families?.count))
    expect(ids).toHaveLength(Number(families?.count))
  })

  test('go on at any byte', async () => {
    const whole = await bytesOf(await partOf(device, 0))

    for (const from of [0, 1, whole.length >> 1, whole.length - 1]) {
      const rest = await bytesOf(await partOf(device, 0, `&id=${manifest.id}&from=${from}`))
      expect(rest.equals(whole.subarray(from))).toBe(true)
    }
  })

  test.each([
    ['an unknown snapshot', '&id=1-ffffffffffffffff', 404],
    ['a path for an id', '&id=..%2F..', 400],
    ['a byte behind the end', '&from=99999999', 404],
    ['a byte that is no number', '&from=-1', 400],
  ])('are not given for %s', async (_what, query, status) => {
    const id = query.includes('id=') ? '' : `&id=${manifest.id}`

    expect((await partOf(device, 0, id + query)).status).toBe(status)
  })

  test('of facility A are nothing that a device of facility B can get (I7)', async () => {
    const other = facility({ id: newId(), name: 'Geelong', code: 'GEE' })
    await server.insert('facilities', other)
    const strangers = family({ name: 'Fremd' })
    await server.insert('families', strangers)
    await server.insert('family_facilities', { id: newId(), family_id: strangers.id, facility_id: other.id })
    const stranger = await server.enroll({ facilityId: other.id })

    const noSnapshot = await stranger.request('/v1/snapshot')
    const foreign = await partOf(stranger, 0)
    manifest = await publishSnapshot(server, snapshots, other.id)
    const { body: own } = await stranger.request<SnapshotManifest>('/v1/snapshot')

    expect([noSnapshot.status, foreign.status]).toEqual([404, 404])
    expect(own.id).toBe(manifest.id)
    device = await server.enroll({ facilityId: other.id })
    expect(await rowsIn('families')).toEqual([strangers])
    device = await server.enroll()
  })
})

describe('a snapshot of today', () => {
  test('has the people and the sessions around today, and nothing of other days', async () => {
    await server.sql('update sessions set date = current_date')
    await addOldSessions(server, 500)

    manifest = await publishToday(server, snapshots)

    const today = await device.request<SnapshotManifest>('/v1/snapshot?extent=today')
    const whole = await device.request<SnapshotManifest>('/v1/snapshot')
    const [families] = await server.sql<{ count: string }>(
      'select count(*) from family_facilities where facility_id = $1',
      [academy.facility_id],
    )
    expect([today.body, whole.body.extent]).toEqual([manifest, 'whole'])
    expect(whole.body.rows - today.body.rows).toBe(500 * (1 + 2 * server.counter.children.length))
    expect(await rowsIn('families')).toHaveLength(Number(families?.count))
    expect(await rowsIn('sessions')).toEqual([expect.objectContaining({ id: server.counter.session.id })])
    expect(await rowsIn('bookings')).toHaveLength(server.counter.children.length)
    expect(await rowsIn('attendance_marks')).toEqual([])
  })

  test('is not made where the whole is small, or is mostly people', async () => {
    const db = new Sqlite(':memory:')
    createTables(db)
    const isWorth = (rows: number): boolean =>
      isWorthwhile(db, rows, { leastRowsForToday: 100, leastShareForToday: 0.5 })

    const worth = [isWorth(99), isWorth(100)]
    const book = db.prepare("insert into bookings values (?, 'f', 's', 'm', null, 'regular', null)")
    for (let number = 0; number < 60; number += 1) book.run(`b${number}`)

    expect([...worth, isWorth(100), isWorth(200)]).toEqual([false, false, true, false])
  })

  test('is given for as long as the sessions of today are in it, the whole for ever', () => {
    const day = 24 * 3600 * 1000
    const taken = Date.parse(manifest.taken_at)
    const at = (days: number) => isStillToday({ ...manifest, extent: 'today' }, taken + days * day)

    expect([at(0), at(5.9), at(6.1), isStillToday(manifest, taken + 100 * day)]).toEqual([true, true, false, true])
  })
})

describe('a snapshot that is kept fresh', () => {
  const keep = async (over: { readonly positionsBehind: number; readonly minutes: number }, minutesLater = 0) =>
    refreshSnapshot(
      {
        db: server.postgres.db,
        folder: snapshots,
        policy: { ...eagerPolicy, ...over },
        now: () => Date.now() + minutesLater * 60_000,
        freeBytes: () => Number.POSITIVE_INFINITY,
      },
      { facilityId: academy.facility_id, audience: 'desk' },
    )

  test('has new rows, changes and removals', async () => {
    await addFamilies(server, 1, 'Neu')
    await server.sql(`update families set name = 'Anders' where name = 'Berg 1'`)
    await server.sql(`delete from family_facilities where family_id = (select id from families where name = 'Berg 2')`)

    manifest = await publishSnapshot(server, snapshots)

    const names = (await rowsIn('families')).map((row) => (row as { readonly name: string }).name)
    expect(names).toEqual(expect.arrayContaining(['Neu 1', 'Anders']))
    expect(names).not.toContain('Berg 2')
    expect(JSON.stringify(await rowsIn('search_terms'))).toContain('anders')
  })

  test('is made again when the log is far ahead, or anything is new after a while; not else', async () => {
    const nothingNew = await keep({ positionsBehind: 0, minutes: 0 }, 600)
    await addFamilies(server, 1)
    const littleNew = await keep({ positionsBehind: 100_000, minutes: 60 })
    const later = await keep({ positionsBehind: 100_000, minutes: 60 }, 61)
    await addFamilies(server, 40)
    const farAhead = await keep({ positionsBehind: 10, minutes: 60 })

    expect([nothingNew, littleNew, later, farAhead]).toEqual(['fresh', 'fresh', 'published', 'published'])
  })

  test('never holds half of a transaction, whoever writes meanwhile (N10)', async () => {
    const writer = { isOver: false }
    const writing = (async () => {
      for (let round = 0; !writer.isOver; round += 1) {
        await server.sql(`update families set name = 'Runde ${round}' where name like 'Runde %' or name = 'Berg 50'
          or name = 'Berg 51'`)
      }
    })()
    const seen: (readonly string[])[] = []
    for (let round = 0; round < 4; round += 1) {
      manifest = await publishSnapshot(server, snapshots)
      const names = (await rowsIn('families')).map((row) => (row as { readonly name: string }).name)
      seen.push(names.filter((name) => name.startsWith('Runde')))
    }
    writer.isOver = true
    await writing

    expect(seen.every((names) => names.length === 0 || (names.length === 2 && names[0] === names[1]))).toBe(true)
    expect(seen.at(-1)).toHaveLength(2)
  })

  test('is made anew in the next round where its working copy is damaged', async () => {
    const file = path.join(snapshots, `${academy.facility_id}.desk`, 'working.db')
    const copy = new Sqlite(file)
    const page = copy.prepare("select rootpage from sqlite_schema where name = 'families'").pluck().get()
    copy.pragma('wal_checkpoint(truncate)')
    copy.close()
    const handle = openSync(file, 'r+')
    writeSync(handle, Buffer.alloc(4096, 0xff), 0, 4096, (Number(page) - 1) * 4096)
    closeSync(handle)
    await addFamilies(server, 1, 'Heil')

    const first = publishSnapshot(server, snapshots)
    await expect(first).rejects.toMatchObject({ code: expect.stringMatching(/^SQLITE_CORRUPT/) as unknown })
    manifest = await publishSnapshot(server, snapshots)

    expect(JSON.stringify(await rowsIn('families'))).toContain('Heil 1')
  })

  test('stays where the server was set back behind earlier ones (S5)', async () => {
    const own = path.join(snapshots, `${academy.facility_id}.desk`)
    for (const number of [1, 2]) {
      const further = { ...manifest, id: `9999${number}-further`, position: 99_990 + number }
      mkdirSync(path.join(own, further.id))
      writeFileSync(path.join(own, further.id, 'manifest.json'), JSON.stringify(further))
    }
    await addFamilies(server, 1)

    await keep({ positionsBehind: 0, minutes: 0 })

    const { body } = await device.request<SnapshotManifest>('/v1/snapshot')
    expect(body.position).toBeLessThan(99_990)
    expect(Date.parse(body.taken_at)).toBeGreaterThan(Date.parse(manifest.taken_at))
  })

  test('leaves two of each extent at most, which nobody else on the machine can read', async () => {
    const own = path.join(snapshots, `${academy.facility_id}.desk`)

    const published = readdirSync(own).filter((name) => name !== 'working.db')

    expect(published.length).toBeLessThanOrEqual(4)
    expect(statSync(own).mode & 0o77).toBe(0)
    for (const entry of readdirSync(own, { recursive: true, withFileTypes: true })) {
      expect(statSync(path.join(entry.parentPath, entry.name)).mode & 0o77).toBe(0)
    }
  })
})
