import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { inRole, type Session } from '../../sync-server/db/postgres.ts'
import * as build from '../support/academy.ts'
import { seededRoles, server, synced } from '../support/seeded-roles.ts'

const { database, db, academy, here, countAs, runAs } = seededRoles()

describe('foyer_feed', () => {
  const feed = (facilityId?: string): Session => ({ role: 'foyer_feed', facilityId })

  test('reads the log of one facility', async () => {
    const facilities = await inRole(db(), feed(here()), (tx) =>
      tx.selectFrom('sync_log').select('facility_id').distinct().execute(),
    )

    expect(facilities).toEqual([{ facility_id: here() }])
    expect(await countAs(feed(here()), 'facility_heads')).toBe(2)
    expect(await countAs(feed(), 'sync_log')).toBe(0)
  })

  test.each([...synced, ...server].map(({ name }) => name))('cannot read %s', async (name) => {
    await expect(countAs(feed(here()), name)).rejects.toThrow('permission denied')
  })

  test('cannot write the log', async () => {
    await expect(runAs(feed(here()), 'update facility_heads set position = 0')).rejects.toThrow('permission denied')
    await expect(runAs(feed(here()), 'update sync_log set row = null')).rejects.toThrow('permission denied')
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

    await inRole(db(), auth, async (tx) => {
      const device = { ...academy().first.device, id, name: 'Pool side' }
      await tx.insertInto('devices').values(device).execute()
      const key = { id, facility_id: here(), public_key: '{}', since: device.enrolled_at }
      await tx.insertInto('device_keys').values(key).execute()
      await tx.insertInto('device_progress').values({ id, facility_id: here(), last_seq: 0 }).execute()
      await tx.insertInto('tills').values({ id, facility_id: here(), device_id: id, code: 'WER9' }).execute()
    })

    const entries = await database()
      .admin.selectFrom('sync_log')
      .select('table_name')
      .where('row_id', '=', id)
      .execute()
    expect(entries.map(({ table_name }) => table_name).toSorted()).toEqual(['device_progress', 'devices', 'tills'])
  })
})

describe('foyer_server', () => {
  test.each([...synced, ...server].map(({ name }) => name))('without a duty cannot read %s', async (name) => {
    await expect(sql`select from ${sql.table(name)}`.execute(db())).rejects.toThrow('permission denied')
  })

  test.each(['foyer_owner', 'foyer_log', 'postgres'])('cannot become %s', async (role) => {
    await expect(sql`set role ${sql.id(role)}`.execute(db())).rejects.toThrow('permission denied')
  })

  test('cannot call what writes the log', async () => {
    const publish = sql`select sync.stage_moved('family', '{}', '{}', true)`.execute(db())
    await expect(publish).rejects.toThrow('permission denied')
    await expect(sql`select sync_republish('staff')`.execute(db())).rejects.toThrow('permission denied')
  })
})

test('every function that runs with rights of its own pins its search_path, and belongs to foyer_log', async () => {
  const { rows } = await sql<{ name: string; owner: string; settings: string[] | null }>`
    select proname as name, proowner::regrole::text as owner, proconfig as settings
    from pg_proc where prosecdef and pronamespace in ('public'::regnamespace, 'sync'::regnamespace)`.execute(
    database().admin,
  )

  expect(rows.length).toBeGreaterThan(30)
  expect(rows.filter(({ owner }) => owner !== 'foyer_log')).toEqual([])
  expect(rows.filter(({ settings }) => !settings?.includes('search_path=public, pg_temp'))).toEqual([])
})

test('tables belong to foyer_owner, who is no login, and nobody but it may create anything', async () => {
  const { rows: owners } = await sql<{ owner: string }>`
    select distinct tableowner as owner from pg_tables where schemaname = 'public'`.execute(database().admin)
  const { rows: creators } = await sql<{ name: string }>`
    select rolname as name from pg_roles
    where rolname like 'foyer%' and has_schema_privilege(rolname, 'public', 'create')`.execute(database().admin)
  const { rows: logins } = await sql<{ name: string }>`
    select rolname as name from pg_roles
    where rolname like 'foyer%' and (rolcanlogin or rolsuper or rolbypassrls)`.execute(database().admin)

  expect(owners).toEqual([{ owner: 'foyer_owner' }])
  expect(creators).toEqual([{ name: 'foyer_owner' }])
  expect(logins).toEqual([{ name: 'foyer_server' }])
})

test('foyer_owner, who loads data, is not bound by row-level security', async () => {
  const students = await database()
    .admin.transaction()
    .execute(async (tx) => {
      await sql`set local role foyer_owner`.execute(tx)
      return tx.selectFrom('students').select('id').execute()
    })

  expect(students).toHaveLength(4)
})
