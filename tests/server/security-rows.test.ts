import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { inRole, openPostgres, type Session } from '../../sync-server/db/postgres.ts'
import * as build from '../support/academy.ts'
import { payment } from '../support/academy-pg.ts'
import { visibleImages } from '../support/facility-log.ts'
import { seededRoles, synced } from '../support/seeded-roles.ts'

const { database, db, academy, stranger, here, there, appHere, countAs, runAs } = seededRoles()

describe('foyer_app', () => {
  test.each(synced.map(({ name }) => name))('without a tenant sees no row of %s', async (name) => {
    expect(await countAs({ role: 'foyer_app' }, name)).toBe(0)
  })

  test('sees of every table exactly what the log of its facility tells', async () => {
    const organization = academy().organization_id

    for (const facilityId of [here(), there()]) {
      const seen = await inRole(db(), { role: 'foyer_app', facilityId, organizationId: organization }, async (tx) => {
        const images: [string, Record<string, unknown>][] = []
        for (const { name } of synced) {
          const { rows } = await sql<{ id: string; image: unknown }>`
            select id, to_jsonb(r) as image from ${sql.table(name)} as r`.execute(tx)
          if (rows.length > 0) images.push([name, Object.fromEntries(rows.map((row) => [row.id, row.image]))])
        }
        return Object.fromEntries(images)
      })
      expect(seen).toEqual(await visibleImages(database().admin, facilityId))
    }
  })

  test('sees nothing, and no error, on a connection whose last transaction had a tenant', async () => {
    const one = openPostgres({ url: database().serverUrl, maxConnections: 1 })
    const count = (session: Session) =>
      inRole(one.db, session, async (tx) => (await tx.selectFrom('students').select('id').execute()).length)

    expect(await count(appHere())).toBe(2)
    expect(await count({ role: 'foyer_app' })).toBe(0)
    await one.close()
  })

  test('cannot write into another facility', async () => {
    const insert = inRole(db(), appHere(), (tx) =>
      tx
        .insertInto('spaces')
        .values(build.space({ facility_id: there() }))
        .execute(),
    )

    await expect(insert).rejects.toThrow('row-level security')
  })

  test('cannot move a row out of its facility', async () => {
    const move = inRole(db(), appHere(), (tx) => tx.updateTable('sessions').set({ facility_id: there() }).execute())

    await expect(move).rejects.toThrow('row-level security')
  })

  test('changes no row of another facility', async () => {
    const { numUpdatedRows } = await inRole(db(), appHere(), (tx) =>
      tx.updateTable('students').set({ last_name: 'X' }).where('id', '=', stranger().students[0].id).executeTakeFirst(),
    )

    expect(numUpdatedRows).toBe(0n)
  })

  test.each(['families', 'students'] as const)('cannot create %s in another organization', async (table) => {
    const organization_id = build.newId()
    const row = table === 'families' ? build.family({ organization_id }) : build.student({ organization_id })

    const insert = inRole(db(), appHere(), (tx) => tx.insertInto(table).values(row).execute())

    await expect(insert).rejects.toThrow('row-level security')
  })

  test('creates a family, links it and sees it', async () => {
    const family = build.family()

    const seen = await inRole(db(), appHere(), async (tx) => {
      await tx.insertInto('families').values(family).execute()
      await tx
        .insertInto('family_facilities')
        .values({ id: build.newId(), family_id: family.id, facility_id: here() })
        .execute()
      return tx.selectFrom('families').selectAll().where('id', '=', family.id).executeTakeFirst()
    })

    expect(seen).toEqual(family)
    await database().admin.deleteFrom('family_facilities').where('family_id', '=', family.id).execute()
    await database().admin.deleteFrom('families').where('id', '=', family.id).execute()
  })

  test('cannot take a payment of its family in the name of another facility', async () => {
    const { family } = academy().household
    const elsewhere = payment(academy().second, { family_id: family.id, method_id: academy().cash.id })

    const insert = inRole(db(), appHere(), (tx) => tx.insertInto('payments').values(elsewhere).execute())

    await expect(insert).rejects.toThrow('row-level security')
  })

  test('cannot take a payment of a family that is not linked to its facility', async () => {
    const foreign = payment(academy().first, { family_id: stranger().family.id, method_id: academy().cash.id })

    const insert = inRole(db(), appHere(), (tx) => tx.insertInto('payments').values(foreign).execute())

    await expect(insert).rejects.toThrow('row-level security')
  })

  test('cannot point at a session of another facility', async () => {
    const [mia] = academy().household.students
    const booking = build.booking({ session_id: academy().second.session.id, student_id: mia.id })

    const insert = inRole(db(), appHere(), (tx) => tx.insertInto('bookings').values(booking).execute())

    await expect(insert).rejects.toThrow('foreign key')
  })

  test.each(synced.map(({ name }) => name))('can neither delete nor truncate %s', async (name) => {
    await expect(runAs(appHere(), `delete from ${name}`)).rejects.toThrow('permission denied')
    await expect(runAs(appHere(), `truncate ${name}`)).rejects.toThrow('permission denied')
  })

  test.each(['check_ins', 'attendance_marks', 'payments', 'payment_allocations', 'payment_voids', 'receipts'])(
    'can add to %s but change nothing there',
    async (name) => {
      await expect(runAs(appHere(), `update ${name} set id = id`)).rejects.toThrow('permission denied')
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
    await expect(countAs(appHere(), name)).rejects.toThrow('permission denied')
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
    const theirs = mutation(there(), academy().second.device.id)
    await database()
      .admin.insertInto('mutations')
      .values([mutation(here(), academy().first.device.id), theirs])
      .execute()

    expect(await countAs(appHere(), 'mutations')).toBe(1)
    const insert = inRole(db(), appHere(), (tx) =>
      tx
        .insertInto('mutations')
        .values({ ...theirs, id: build.newId() })
        .execute(),
    )
    await expect(insert).rejects.toThrow('row-level security')
  })
})
