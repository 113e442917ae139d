import { type Kysely, sql, type Transaction } from 'kysely'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rowSchema, wireDecoder } from '../../src-shared/schema/derive.ts'
import { sessions } from '../../src-shared/schema/tables/sessions.ts'
import type { PostgresDatabase } from '../../sync-server/db/postgres.ts'
import * as build from '../support/academy.ts'
import { seedAcademy, seedFacility } from '../support/academy-pg.ts'
import { entriesAfter, headOf, replay, visibleImages } from '../support/facility-log.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'
import { until } from '../support/until.ts'

let database: FoyerDatabase
let db: Kysely<PostgresDatabase>
let academy: Awaited<ReturnType<typeof seedAcademy>>
let here: string
let there: string
/** How far both logs go before the test does something. */
let before: number
let beforeThere: number

beforeEach(async () => {
  database = await createFoyerDatabase()
  db = database.admin
  academy = await seedAcademy(db)
  here = academy.first.facility.id
  there = academy.second.facility.id
  before = await headOf(db, here)
  beforeThere = await headOf(db, there)
})

afterEach(() => database.drop())

const newEntries = async () =>
  (await entriesAfter(db, here, before)).map(({ position, table_name, row }) => [position - before, table_name, row])

const inTransaction = (work: (tx: Transaction<PostgresDatabase>) => Promise<void>) => db.transaction().execute(work)

describe('the facility log', () => {
  test('tells a replica from the start what the facility may see', async () => {
    const logs = await Promise.all([here, there].map(async (facility) => replay(await entriesAfter(db, facility))))

    expect(logs).toEqual(await Promise.all([here, there].map((facility) => visibleImages(db, facility))))
  })

  test('has positions from 1 without gaps up to the head', async () => {
    const positions = (await entriesAfter(db, here)).map(({ position }) => position)

    expect(positions).toEqual(Array.from({ length: before }, (_, index) => index + 1))
  })

  test('has an entry for each row that is inserted, changed or deleted, in that order', async () => {
    const space = build.space()

    await inTransaction(async (tx) => {
      await tx.insertInto('spaces').values(space).execute()
      await tx.updateTable('spaces').set({ capacity: 8 }).where('id', '=', space.id).execute()
      await tx.deleteFrom('spaces').where('id', '=', space.id).execute()
    })

    expect(await newEntries()).toEqual([
      [1, 'spaces', space],
      [2, 'spaces', { ...space, capacity: 8 }],
      [3, 'spaces', null],
    ])
  })

  test('has no entry for a row that an update leaves as it was', async () => {
    const spaces = [build.space({ capacity: 6 }), build.space({ capacity: 7 })] as const
    await db.insertInto('spaces').values(spaces).execute()
    before = await headOf(db, here)

    await db.updateTable('spaces').set({ capacity: 7 }).execute()
    await db.updateTable('spaces').set({ capacity: 7 }).execute()

    expect(await newEntries()).toEqual([[1, 'spaces', { ...spaces[0], capacity: 7 }]])
  })

  test('keeps no place for what was rolled back', async () => {
    const [kept, undone, later] = [build.space(), build.space(), build.space()]

    await inTransaction(async (tx) => {
      await tx.insertInto('spaces').values(kept).execute()
      await sql`savepoint attempt`.execute(tx)
      await tx.insertInto('spaces').values(undone).execute()
      await sql`rollback to savepoint attempt`.execute(tx)
    })
    const failed = inTransaction(async (tx) => {
      await tx.insertInto('spaces').values(undone).execute()
      throw new Error('undo')
    })
    await expect(failed).rejects.toThrow('undo')
    await db.insertInto('spaces').values(later).execute()

    expect(await newEntries()).toEqual([
      [1, 'spaces', kept],
      [2, 'spaces', later],
    ])
  })

  test('has what came before and after SET CONSTRAINTS IMMEDIATE in the middle of a transaction', async () => {
    const spaces = [build.space(), build.space(), build.space(), build.space()] as const

    await inTransaction(async (tx) => {
      await tx.insertInto('spaces').values(spaces[0]).execute()
      await sql`set constraints all immediate`.execute(tx)
      await tx.insertInto('spaces').values(spaces[1]).execute()
      await sql`set constraints all deferred`.execute(tx)
      await tx.insertInto('spaces').values(spaces[2]).execute()
      await tx.insertInto('spaces').values(spaces[3]).execute()
    })

    expect(await newEntries()).toEqual(spaces.map((space, index) => [index + 1, 'spaces', space]))
  })

  test('of two facilities gets the removal and the row when a row moves, in one transaction', async () => {
    const space = build.space()
    await db.insertInto('spaces').values(space).execute()
    before = await headOf(db, here)

    await db.updateTable('spaces').set({ facility_id: there }).where('id', '=', space.id).execute()

    expect(await newEntries()).toEqual([[1, 'spaces', null]])
    expect(await entriesAfter(db, there, beforeThere)).toMatchObject([{ row: { ...space, facility_id: there } }])
  })

  test('of every facility gets the rows of the organization', async () => {
    const staff = build.staffMember({ id: build.newId() })

    await db.insertInto('staff').values(staff).execute()

    expect(await newEntries()).toEqual([[1, 'staff', staff]])
    expect(await entriesAfter(db, there, beforeThere)).toMatchObject([{ row: staff }])
  })

  test('of a new facility begins with the rows of the organization', async () => {
    const { facility } = await seedFacility(db, build.facility({ id: build.newId(), code: 'ALT' }))

    const log = replay(await entriesAfter(db, facility.id))
    expect(log).toEqual(await visibleImages(db, facility.id))
    expect(Object.keys(log['facilities'] ?? {})).toHaveLength(3)
    const heads = await db
      .selectFrom('facility_heads')
      .select('audience')
      .where('facility_id', '=', facility.id)
      .execute()
    expect(heads.map(({ audience }) => audience).toSorted()).toEqual(['desk', 'office'])
  })

  test('has images that decode to the row that was written', async () => {
    const written = build.session({
      class_id: academy.first.cohort.id,
      date: '2026-10-04',
      starts_at: '02:30',
      ends_at: '03:15',
      roll_closed_at: '2026-10-03T16:45:00.070Z',
      roll_closed_by: academy.staff_id,
    })
    await db.insertInto('sessions').values(written).execute()

    const [entry] = await entriesAfter(db, here, before)
    const names = Object.keys(sessions.columns)
    const decoded = wireDecoder(sessions)(entry?.row ?? {})
    const row = Object.fromEntries(names.map((name, index) => [name, decoded[index]]))
    expect(rowSchema(sessions).parse(row)).toEqual(written)
    expect(await db.selectFrom('sessions').selectAll().where('id', '=', written.id).executeTakeFirst()).toEqual(written)
  })

  test('announces each new head to who listens', async () => {
    const client = new Client(database.serverUrl)
    const heard: (string | undefined)[] = []
    client.on('notification', ({ payload }) => heard.push(payload))
    await client.connect()
    await client.query('listen facility_log')

    await db.insertInto('spaces').values([build.space(), build.space()]).execute()

    await until(() => heard.length > 0)
    await client.end()
    expect(heard).toEqual([`${here}:desk:${before + 2}`])
  })

  test('cannot be passed by: truncating a table that is replicated fails', async () => {
    await expect(sql`truncate check_ins`.execute(db)).rejects.toThrow('check_ins is replicated')
  })

  test('cannot be written from an older snapshot, which would not see new links', async () => {
    const write = db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((tx) => tx.insertInto('spaces').values(build.space()).execute())

    await expect(write).rejects.toThrow('READ COMMITTED')
  })

  test('leaves nothing behind on the stage', async () => {
    const { rows } = await sql`select xid from sync_stage union all select xid from sync_pending`.execute(db)

    expect(rows).toEqual([])
  })

  test('refuses a facility that changes its organization', async () => {
    const other = build.organization({ id: build.newId() })
    await db.insertInto('organizations').values(other).execute()

    const move = db.updateTable('facilities').set({ organization_id: other.id }).where('id', '=', here).execute()

    await expect(move).rejects.toThrow('stays with its organization')
  })
})
