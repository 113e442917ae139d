import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { table, facilityScope } from '../../src-shared/schema/table.ts'
import { text, uuid } from '../../src-shared/schema/columns.ts'
import { serverTables, syncedTables } from '../../src-shared/schema/tables.ts'
import { checkSchema } from '../../sync-server/db/check-schema.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'

let database: FoyerDatabase

beforeAll(async () => {
  database = await createFoyerDatabase()
})

afterAll(() => database.drop())

/** What the check says of the database with this change, which is undone. */
const checkAfter = async (ddl: string, mayHaveMore = false): Promise<readonly string[]> => {
  const tx = await database.admin.startTransaction().execute()
  try {
    await sql.raw(ddl).execute(tx)
    return await checkSchema(tx, { mayHaveMore })
  } finally {
    await tx.rollback().execute()
  }
}

describe('the check of the database', () => {
  test('finds what the migrations made to be what the definitions say, also as the server itself', async () => {
    expect(await checkSchema(database.server)).toEqual([])
  })

  test.each([
    ['alter table bookings rename to places', 'The table bookings is missing'],
    ['alter table staff drop column first_name', 'staff.first_name is missing'],
    ['alter table staff add column nickname text', 'staff.nickname has no definition'],
    ['alter table staff alter column first_name type varchar(9)', 'staff.first_name is character varying(9), not text'],
    [
      'alter table staff alter column archived_at type timestamptz',
      'staff.archived_at is timestamp with time zone, not timestamp(3) with time zone',
    ],
    ['alter table staff alter column first_name drop not null', 'staff.first_name is nullable'],
    ['alter table staff alter column archived_at set not null', 'staff.archived_at is not null'],
    ['alter table leases drop constraint leases_pkey', 'The primary key of leases is (), not (id)'],
    ['alter table leases drop constraint leases_staff_id_fkey', 'leases.staff_id has no foreign key, to staff'],
    [
      `alter table receipts drop constraint receipts_family_id_fkey`,
      'receipts.family_id has no foreign key of its own to families',
    ],
    ['alter table bookings drop constraint bookings_kind_check', 'bookings.kind allows (), the definition'],
    [
      `alter table bookings drop constraint bookings_kind_check,
       add constraint bookings_kind_check check (kind in ('regular', 'makeup', 'trial'))`,
      'bookings.kind allows (makeup,regular,trial), the definition (makeup,regular,trial,walk_in)',
    ],
    ['alter table leases no force row level security', 'leases has no forced row-level security'],
    ['alter table payments disable row level security', 'payments has no forced row-level security'],
    [`delete from sync_tables where table_name = 'staff'`, 'staff is not followed'],
    [
      `update sync_tables set scope = 'organization', scope_column = 'id' where table_name = 'tills'`,
      'tills is followed by organization(id), not facility(facility_id)',
    ],
    [
      `update sync_tables set audience = 'office' where table_name = 'tills'`,
      'tills is for the audience office, not desk',
    ],
    [
      `insert into sync_tables (table_name, scope, scope_column, audience)
       values ('leases', 'facility', 'facility_id', 'desk')`,
      'leases is followed, but must never leave PostgreSQL',
    ],
    [
      `create table extras (id uuid primary key, facility_id uuid not null);
       select sync_follow('extras', 'facility', 'facility_id', 'desk')`,
      'extras is followed, but has no definition',
    ],
    ['drop trigger sync_stage_update on tills', 'tills has no trigger sync_stage_update, or it is disabled'],
    ['alter table tills disable trigger all', 'tills has no trigger sync_stage_insert, or it is disabled'],
    [
      'alter table family_students disable trigger sync_move_delete',
      'family_students has no trigger sync_move_delete, or it is disabled',
    ],
    ['drop trigger sync_publish on sync_pending', 'sync_pending has no trigger sync_publish, or it is disabled'],
  ])('after "%s" says "%s"', async (ddl, difference) => {
    const differences = await checkAfter(ddl)

    expect(differences.filter((one) => one.startsWith(difference))).toHaveLength(1)
  })

  test.each([
    ['alter table staff add column nickname text', []],
    [`alter table staff add column nickname text not null default ''`, []],
    ['alter table leases add column nickname text not null', ['leases.nickname has no definition']],
    [
      `create table extras (id uuid primary key, facility_id uuid not null);
       select sync_follow('extras', 'facility', 'facility_id', 'desk')`,
      [],
    ],
    ['alter table staff drop column first_name', ['staff.first_name is missing']],
  ])('of a server that a newer program has gone ahead of says after "%s" %j', async (ddl, differences) => {
    expect(await checkAfter(ddl, true)).toEqual(differences)
  })

  test('names a definition that has no table yet', async () => {
    const lockers = table(
      'lockers',
      { id: uuid(), facility_id: uuid('facilities'), code: text(10) },
      { scope: facilityScope() },
    )
    const definitions = [...Object.values(syncedTables), ...Object.values(serverTables), lockers]

    expect(await checkSchema(database.admin, { tables: definitions })).toEqual(['The table lockers is missing'])
  })

  test('is content with a new table after its migration of two statements', async () => {
    const lockers = table(
      'lockers',
      { id: uuid(), facility_id: uuid('facilities'), code: text(10) },
      { scope: facilityScope() },
    )
    const definitions = [...Object.values(syncedTables), ...Object.values(serverTables), lockers]
    const tx = await database.admin.startTransaction().execute()

    await sql
      .raw(
        `set local role foyer_owner;
         create table lockers (id uuid primary key, facility_id uuid not null references facilities, code text not null);
         select sync_follow('lockers', 'facility', 'facility_id', 'desk')`,
      )
      .execute(tx)

    expect(await checkSchema(tx, { tables: definitions })).toEqual([])
    await tx.rollback().execute()
  })
})
