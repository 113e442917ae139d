import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Table } from '../../src-shared/schema/table.ts'
import { serverTables, syncedTables } from '../../src-shared/schema/tables.ts'
import { inRole, openPostgres, type PostgresDatabase, type Session } from '../../sync-server/db/postgres.ts'
import * as build from '../support/academy.ts'
import { payment, seedAcademy, seedHousehold } from '../support/academy-pg.ts'
import { visibleImages } from '../support/facility-log.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'

let database: FoyerDatabase
let db: Kysely<PostgresDatabase>
let academy: Awaited<ReturnType<typeof seedAcademy>>
let stranger: Awaited<ReturnType<typeof seedHousehold>>
let here: string
let there: string
let appHere: Session

const synced: readonly Table[] = Object.values(syncedTables)
const server: readonly Table[] = Object.values(serverTables)

beforeAll(async () => {
  database = await createFoyerDatabase()
  db = database.server
  academy = await seedAcademy(database.admin)
  here = academy.first.facility.id
  there = academy.second.facility.id
  stranger = await seedHousehold(database.admin, [there])
  appHere = { role: 'foyer_app', facilityId: here, organizationId: academy.organization_id }
})

afterAll(() => database.drop())

const countAs = (session: Session, table: string): Promise<number> =>
  inRole(db, session, async (tx) => {
    const { rows } = await sql<{ count: number }>`select count(*) from ${sql.table(table)}`.execute(tx)
    return rows[0]?.count ?? -1
  })

const runAs = (session: Session, statement: string) => inRole(db, session, (tx) => sql.raw(statement).execute(tx))

describe('foyer_app', () => {
  test.each(synced.map(({ name }) => name))('without a tenant sees no row of %s', async (name) => {
    expect(await countAs({ role: 'foyer_app' }, name)).toBe(0)
  })

  test('sees of every table exactly what the log of its facility tells', async () => {
    const organization = academy.organization_id

    for (const facilityId of [here, there]) {
      const seen = await inRole(db, { role: 'foyer_app', facilityId, organizationId: organization }, async (tx) => {
        const images: [string, Record<string, unknown>][] = []
        for (const { name } of synced) {
          const { rows } = await sql<{ id: string; image: unknown }>`
            select id, to_jsonb(r) as image from ${sql.table(name)} as r`.execute(tx)
          if (rows.length > 0) images.push([name, Object.fromEntries(rows.map((row) => [row.id, row.image]))])
        }
        return Object.fromEntries(images)
      })
      expect(seen).toEqual(await visibleImages(database.admin, facilityId))
    }
  })

  test('sees nothing, and no error, on a connection whose last transaction had a tenant', async () => {
    const one = openPostgres({ url: database.serverUrl, maxConnections: 1 })
    const count = (session: Session) =>
      inRole(one.db, session, async (tx) => (await tx.selectFrom('students').select('id').execute()).length)

    expect(await count(appHere)).toBe(2)
    expect(await count({ role: 'foyer_app' })).toBe(0)
    await one.close()
  })

  test('cannot write into another facility', async () => {
    const insert = inRole(db, appHere, (tx) =>
      tx
        .insertInto('spaces')
        .values(build.space({ facility_id: there }))
        .execute(),
    )

    await expect(insert).rejects.toThrow('row-level security')
  })

  test('cannot move a row out of its facility', async () => {
    const move = inRole(db, appHere, (tx) => tx.updateTable('sessions').set({ facility_id: there }).execute())

    await expect(move).rejects.toThrow('row-level security')
  })

  test('changes no row of another facility', async () => {
    const { numUpdatedRows } = await inRole(db, appHere, (tx) =>
      tx.updateTable('students').set({ last_name: 'X' }).where('id', '=', stranger.students[0].id).executeTakeFirst(),
    )

    expect(numUpdatedRows).toBe(0n)
  })

  test.each(['families', 'students'] as const)('cannot create %s in another organization', async (table) => {
    const organization_id = build.newId()
    const row = table === 'families' ? build.family({ organization_id }) : build.student({ organization_id })

    const insert = inRole(db, appHere, (tx) => tx.insertInto(table).values(row).execute())

    await expect(insert).rejects.toThrow('row-level security')
  })

  test('creates a family, links it and sees it', async () => {
    const family = build.family()

    const seen = await inRole(db, appHere, async (tx) => {
      await tx.insertInto('families').values(family).execute()
      await tx
        .insertInto('family_facilities')
        .values({ id: build.newId(), family_id: family.id, facility_id: here })
        .execute()
      return tx.selectFrom('families').selectAll().where('id', '=', family.id).executeTakeFirst()
    })

    expect(seen).toEqual(family)
    await database.admin.deleteFrom('family_facilities').where('family_id', '=', family.id).execute()
    await database.admin.deleteFrom('families').where('id', '=', family.id).execute()
  })

  test('cannot take a payment of its family in the name of another facility', async () => {
    const { family } = academy.household
    const elsewhere = payment(academy.second, { family_id: family.id, method_id: academy.cash.id })

    const insert = inRole(db, appHere, (tx) => tx.insertInto('payments').values(elsewhere).execute())

    await expect(insert).rejects.toThrow('row-level security')
  })

  test('cannot take a payment of a family that is not linked to its facility', async () => {
    const foreign = payment(academy.first, { family_id: stranger.family.id, method_id: academy.cash.id })

    const insert = inRole(db, appHere, (tx) => tx.insertInto('payments').values(foreign).execute())

    await expect(insert).rejects.toThrow('row-level security')
  })

  test('cannot point at a session of another facility', async () => {
    const [mia] = academy.household.students
    const booking = build.booking({ session_id: academy.second.session.id, student_id: mia.id })

    const insert = inRole(db, appHere, (tx) => tx.insertInto('bookings').values(booking).execute())

    await expect(insert).rejects.toThrow('foreign key')
  })

  test.each(synced.map(({ name }) => name))('can neither delete nor truncate %s', async (name) => {
    await expect(runAs(appHere, `delete from ${name}`)).rejects.toThrow('permission denied')
    await expect(runAs(appHere, `truncate ${name}`)).rejects.toThrow('permission denied')
  })

  test.each(['check_ins', 'attendance_marks', 'payments', 'payment_allocations', 'payment_voids', 'receipts'])(
    'can add to %s but change nothing there',
    async (name) => {
      await expect(runAs(appHere, `update ${name} set id = id`)).rejects.toThrow('permission denied')
    },
  )

  test.each([
    'sync_log',
    'facility_heads',
    'sync_stage',
    'sync_pending',
    'staff_credentials',
    'device_keys',
    'device_codes',
  ])('cannot read %s', async (name) => {
    await expect(countAs(appHere, name)).rejects.toThrow('permission denied')
  })

  test('sees the mutations of its own facility only', async () => {
    const mutation = (facility_id: string, device_id: string) => ({
      id: build.newId(),
      facility_id,
      device_id,
      device_seq: 1,
      staff_id: null,
      lease_id: null,
      command: 'check_in.record',
      version: 1,
      body: '{}',
      body_hash: 'x',
      outcome: 'applied' as const,
      code: null,
      message: null,
      details: null,
      received_at: '2026-11-21T05:00:00.000Z',
    })
    const theirs = mutation(there, academy.second.device.id)
    await database.admin
      .insertInto('mutations')
      .values([mutation(here, academy.first.device.id), theirs])
      .execute()

    expect(await countAs(appHere, 'mutations')).toBe(1)
    const insert = inRole(db, appHere, (tx) =>
      tx
        .insertInto('mutations')
        .values({ ...theirs, id: build.newId() })
        .execute(),
    )
    await expect(insert).rejects.toThrow('row-level security')
  })
})

describe('foyer_feed', () => {
  const feed = (facilityId?: string): Session => ({ role: 'foyer_feed', facilityId })

  test('reads the log of one facility', async () => {
    const facilities = await inRole(db, feed(here), (tx) =>
      tx.selectFrom('sync_log').select('facility_id').distinct().execute(),
    )

    expect(facilities).toEqual([{ facility_id: here }])
    expect(await countAs(feed(here), 'facility_heads')).toBe(2)
    expect(await countAs(feed(), 'sync_log')).toBe(0)
  })

  test.each([...synced, ...server].map(({ name }) => name))('cannot read %s', async (name) => {
    await expect(countAs(feed(here), name)).rejects.toThrow('permission denied')
  })

  test('cannot write the log', async () => {
    await expect(runAs(feed(here), 'update facility_heads set position = 0')).rejects.toThrow('permission denied')
    await expect(runAs(feed(here), 'update sync_log set row = null')).rejects.toThrow('permission denied')
  })
})

describe('foyer_auth', () => {
  const auth: Session = { role: 'foyer_auth' }

  test.each(['families', 'guardians', 'students', 'health_items', 'bookings', 'payments', 'mutations', 'sync_log'])(
    'cannot read %s',
    async (name) => {
      await expect(countAs(auth, name)).rejects.toThrow('permission denied')
    },
  )

  test('finds devices and staff before the tenant is known', async () => {
    expect(await countAs(auth, 'devices')).toBe(2)
    expect(await countAs(auth, 'staff')).toBe(1)
  })

  test('enrolls a device, which comes down in the log', async () => {
    const id = build.newId()

    await inRole(db, auth, async (tx) => {
      const device = { ...academy.first.device, id, name: 'Pool side' }
      await tx.insertInto('devices').values(device).execute()
      await tx.insertInto('device_keys').values({ id, facility_id: here, public_key: '{}' }).execute()
      await tx.insertInto('device_progress').values({ id, facility_id: here, last_seq: 0 }).execute()
      await tx.insertInto('tills').values({ id, facility_id: here, device_id: id, code: 'WER9' }).execute()
    })

    const entries = await database.admin.selectFrom('sync_log').select('table_name').where('row_id', '=', id).execute()
    expect(entries.map(({ table_name }) => table_name).toSorted()).toEqual(['device_progress', 'devices', 'tills'])
  })
})

describe('foyer_server', () => {
  test.each([...synced, ...server].map(({ name }) => name))('without a duty cannot read %s', async (name) => {
    await expect(sql`select from ${sql.table(name)}`.execute(db)).rejects.toThrow('permission denied')
  })

  test.each(['foyer_owner', 'foyer_log', 'postgres'])('cannot become %s', async (role) => {
    await expect(sql`set role ${sql.id(role)}`.execute(db)).rejects.toThrow('permission denied')
  })

  test('cannot call what writes the log', async () => {
    const publish = sql`select sync.stage_moved('family', '{}', '{}', true)`.execute(db)
    await expect(publish).rejects.toThrow('permission denied')
    await expect(sql`select sync_republish('staff')`.execute(db)).rejects.toThrow('permission denied')
  })
})

test('every function that runs with rights of its own pins its search_path, and belongs to foyer_log', async () => {
  const { rows } = await sql<{ name: string; owner: string; settings: string[] | null }>`
    select proname as name, proowner::regrole::text as owner, proconfig as settings
    from pg_proc where prosecdef and pronamespace in ('public'::regnamespace, 'sync'::regnamespace)`.execute(
    database.admin,
  )

  expect(rows.length).toBeGreaterThan(30)
  expect(rows.filter(({ owner }) => owner !== 'foyer_log')).toEqual([])
  expect(rows.filter(({ settings }) => !settings?.includes('search_path=public, pg_temp'))).toEqual([])
})

test('tables belong to foyer_owner, who is no login, and nobody but it may create anything', async () => {
  const { rows: owners } = await sql<{ owner: string }>`
    select distinct tableowner as owner from pg_tables where schemaname = 'public'`.execute(database.admin)
  const { rows: creators } = await sql<{ name: string }>`
    select rolname as name from pg_roles
    where rolname like 'foyer%' and has_schema_privilege(rolname, 'public', 'create')`.execute(database.admin)
  const { rows: logins } = await sql<{ name: string }>`
    select rolname as name from pg_roles
    where rolname like 'foyer%' and (rolcanlogin or rolsuper or rolbypassrls)`.execute(database.admin)

  expect(owners).toEqual([{ owner: 'foyer_owner' }])
  expect(creators).toEqual([{ name: 'foyer_owner' }])
  expect(logins).toEqual([{ name: 'foyer_server' }])
})

test('foyer_owner, who loads data, is not bound by row-level security', async () => {
  const students = await database.admin.transaction().execute(async (tx) => {
    await sql`set local role foyer_owner`.execute(tx)
    return tx.selectFrom('students').select('id').execute()
  })

  expect(students).toHaveLength(4)
})
