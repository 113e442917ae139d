import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { migrate, migrationFolder } from '../../sync-server/db/migrate.ts'
import { openPostgres, type Postgres } from '../../sync-server/db/postgres.ts'
import * as build from '../support/academy.ts'
import { seedAcademy } from '../support/academy-pg.ts'
import { createDatabase, type TestDatabase } from '../support/databases.ts'

let database: TestDatabase
let folder: string
let admin: Postgres

beforeEach(async () => {
  database = await createDatabase()
  folder = await mkdtemp(join(tmpdir(), 'foyer-inbox-migration-'))
  const before = (await readdir(migrationFolder)).filter((name) => name < '0008')
  for (const name of before) await cp(join(migrationFolder, name), join(folder, name))
  admin = openPostgres({ url: database.url })
})
afterEach(async () => {
  await admin.close()
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

/** As an older server wrote it. */
const refuse = async (body: unknown): Promise<string> => {
  const id = build.newId()
  const { facility_id, device_id } = build.academy
  await sql`insert into mutations (id, facility_id, device_id, device_seq, command, version, body, body_hash, outcome,
      code, message, details, received_at)
    values (${id}, ${facility_id}, ${device_id}, 1, 'check_in.record', 3, ${JSON.stringify(body)}, '', 'refused',
      'not_found', '', '{}', now())`.execute(admin.db)
  await sql`insert into mutation_outcomes (id, facility_id, device_id, device_seq, command, outcome, code, message, details,
      decided_at)
    values (${id}, ${facility_id}, ${device_id}, 1, 'check_in.record', 'refused', 'not_found', '', '{}', now())`.execute(
    admin.db,
  )
  return id
}

describe('the migration to the inbox', () => {
  test('fills in what was asked, as it was sent, also where a body cannot be taken apart, and tells every replica', async () => {
    await migrate({ url: database.url, folder })
    await seedAcademy(admin.db)
    const whole = await refuse({ args: { b: 1, a: 'Ω "x"' }, at: '2026-11-20T05:00:00.000Z' })
    const odd = await refuse({ args: { text: 'a\0b' }, at: '2026-11-20T05:00:00.000Z' })
    const timeless = await refuse({ args: [1.5], at: 'infinity' })

    await cp(migrationFolder, folder, { recursive: true })
    await migrate({ url: database.url, folder })

    const { rows } = await sql`
      select id, version, args, at, instead, suggestion, caused_by from mutation_outcomes`.execute(admin.db)
    const filled = { version: 3, instead: '[]', suggestion: 'look', caused_by: null }
    expect(new Map(rows.map((row) => [(row as { id: string }).id, row]))).toEqual(
      new Map([
        [whole, { id: whole, ...filled, args: '{"b":1,"a":"Ω \\"x\\""}', at: '2026-11-20T05:00:00.000Z' }],
        [odd, { id: odd, ...filled, args: 'null', at: null }],
        [timeless, { id: timeless, ...filled, args: '[1.5]', at: null }],
      ]),
    )
    const { rows: logged } = await sql`
      select distinct on (row_id) row_id, row ->> 'version' as version from sync_log
      where table_name = 'mutation_outcomes' order by row_id, position desc`.execute(admin.db)
    expect(logged).toHaveLength(3)
    expect(logged).toEqual(expect.arrayContaining([{ row_id: whole, version: '3' }]))
  })
})
