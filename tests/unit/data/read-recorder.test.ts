import { DummyDriver, Kysely, sql, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { expect, test } from 'vitest'
import { anyRow, readRecorder, rowsKey } from '../../../src-main/data/replica/read-recorder.ts'
import { permissionTables } from '../../../src-main/data/sync/rebase-plan.ts'
import { permissionsOf } from '../../../src-shared/rules/access.ts'
import type { Database } from '../../../src-shared/schema/tables.ts'

const db = new Kysely<Database>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (any) => new SqliteIntrospector(any),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

const keysOf = async (work: (tx: Kysely<Database>) => Promise<unknown>): Promise<readonly string[]> => {
  const recorder = readRecorder()
  await work(db.withPlugin(recorder))
  return [...recorder.keys].toSorted()
}

test('a query looks at the rows that meet its equalities, and the id alone tells one row', async () => {
  expect(
    await keysOf((tx) =>
      tx
        .selectFrom('bookings')
        .selectAll()
        .where('student_id', '=', 's')
        .where('session_id', '=', 'l')
        .where('cancelled_at', 'is', null)
        .execute(),
    ),
  ).toEqual([rowsKey('bookings', ['session_id', 'student_id'], ['l', 's'])])
  expect(
    await keysOf((tx) =>
      tx.selectFrom('sessions').selectAll().where('facility_id', '=', 'f').where('id', '=', 'l').execute(),
    ),
  ).toEqual([rowsKey('sessions', ['id'], ['l'])])
})

test('each table of a join is looked at by its own equalities, or as a whole', async () => {
  expect(
    await keysOf((tx) =>
      tx
        .selectFrom('guardians as guardian')
        .innerJoin('family_students as link', 'link.family_id', 'guardian.family_id')
        .leftJoin('students', 'students.id', 'link.student_id')
        .select('guardian.id')
        .where('guardian.id', '=', 'g')
        .where('link.student_id', '=', 's')
        .execute(),
    ),
  ).toEqual([
    rowsKey('family_students', ['student_id'], ['s']),
    rowsKey('guardians', ['id'], ['g']),
    rowsKey('students', [], []),
  ])
})

test('an equality that not every row must meet is none', async () => {
  expect(
    await keysOf((tx) =>
      tx
        .selectFrom('students')
        .select('id')
        .where((eb) => eb.or([eb('first_name', '=', 'Anna'), eb('first_name', '=', 'Ben')]))
        .execute(),
    ),
  ).toEqual([rowsKey('students', [], [])])
  expect(
    await keysOf((tx) =>
      tx
        .selectFrom('students')
        .select('id')
        .where((eb) => eb.not(eb('first_name', '=', 'Anna')))
        .execute(),
    ),
  ).toEqual([rowsKey('students', [], [])])
})

test('a query inside another one is looked at as well', async () => {
  expect(
    await keysOf((tx) =>
      tx
        .selectFrom('families')
        .select('id')
        .where('id', 'in', (eb) => eb.selectFrom('guardians').select('family_id').where('phone', '=', '1'))
        .execute(),
    ),
  ).toEqual([rowsKey('families', [], []), rowsKey('guardians', ['phone'], ['1'])])
})

test('what is changed was looked for', async () => {
  expect(
    await keysOf((tx) => tx.updateTable('sessions').set({ status: 'completed' }).where('class_id', '=', 'c').execute()),
  ).toEqual([rowsKey('sessions', ['class_id'], ['c'])])
  expect(await keysOf((tx) => tx.deleteFrom('sessions').where('id', '=', 'l').execute())).toEqual([
    rowsKey('sessions', ['id'], ['l']),
  ])
})

test('an insert looks at nothing, unless it gives way to what is there', async () => {
  const family = { id: 'f', organization_id: 'o', name: 'Berg', card_code: null, note: null, archived_at: null }

  expect(await keysOf((tx) => tx.insertInto('families').values(family).execute())).toEqual([])
  expect(
    await keysOf((tx) =>
      tx
        .insertInto('families')
        .values(family)
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    ),
  ).toEqual([rowsKey('families', [], [])])
})

test('who may do what depends on the tables that a batch is watched for (R6)', async () => {
  const keys = await keysOf((tx) => permissionsOf(tx, 'staff', 'facility'))

  expect(new Set(keys.map((key) => key.slice(0, key.indexOf('('))))).toEqual(permissionTables)
})

test('what is written as SQL may look at anything', async () => {
  expect(await keysOf((tx) => sql`select * from families`.execute(tx))).toEqual([anyRow])
  expect(
    await keysOf((tx) =>
      tx
        .selectFrom('families')
        .select('id')
        .where(sql<boolean>`exists (select 1)`)
        .execute(),
    ),
  ).toEqual([anyRow, rowsKey('families', [], [])])
})
