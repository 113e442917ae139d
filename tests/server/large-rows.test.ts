import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readChanges } from '../../sync-server/digests/log-changes.ts'
import { readRows } from '../../sync-server/digests/rows.ts'
import { newHandle } from '../../sync-server/shapes/handle.ts'
import { readLog } from '../../sync-server/shapes/log.ts'
import { academy } from '../support/academy.ts'
import { seedAcademy } from '../support/academy-pg.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'

const log = { facilityId: academy.facility_id, audience: 'desk' } as const
const table = 'mutation_outcomes'
const large = 60

let database: FoyerDatabase
let head: number

/** As a log looks after a day on which a desk was refused so much that a statement cannot read all of it in time. */
beforeAll(async () => {
  database = await createFoyerDatabase()
  await seedAcademy(database.admin)
  const { position } = await database.admin
    .selectFrom('facility_heads')
    .select('position')
    .where('facility_id', '=', log.facilityId)
    .where('audience', '=', 'desk')
    .executeTakeFirstOrThrow()
  head = position + large
  await sql`
    insert into sync_log
    select ${log.facilityId}, 'desk', ${position}::int + n, ${table}, gen_random_uuid(),
      jsonb_build_object('args', repeat('x', 900000)), now()
    from generate_series(1, ${large}::int) n`.execute(database.admin)
  await sql`update facility_heads set position = ${head} where facility_id = ${log.facilityId} and audience = 'desk'`.execute(
    database.admin,
  )
})
afterAll(() => database.drop())

test('a log with large rows is read in parts, to its end', async () => {
  const limit = { rows: 5000, bytes: 1_000_000_000 }
  const found: number[] = []
  for (let after = 0; after < head;) {
    const { chunk } = await readLog(database.server, { log, after: { position: after, since: 0 }, limit })
    found.push((chunk?.messages.match(/"mutation_outcomes"/g) ?? []).length)
    after = chunk?.reached ?? head
  }

  expect(found.reduce((sum, count) => sum + count, 0)).toBe(large)
  expect(Math.max(...found)).toBeLessThan(large / 2)
})

test('what a stretch with large rows changed is read in parts, to its end', async () => {
  const found: number[] = []
  for (let from = 0; from < head;) {
    const { changes, reached } = await readChanges(database.server, log, { tables: [table], from, to: head })
    found.push(changes.length)
    from = reached
  }

  expect(found.reduce((sum, count) => sum + count, 0)).toBe(large)
  expect(Math.max(...found)).toBeLessThan(large / 2)
})

test('large rows of a table are given page by page, to the last one', async () => {
  const { epoch } = await database.admin.selectFrom('server_epoch').select('epoch').executeTakeFirstOrThrow()
  const handle = newHandle(log, epoch)
  const found: number[] = []
  for (let after: string | null | undefined; after !== null;) {
    const page = await readRows(database.server, log, { handle, table, of: { after: after ?? null } })
    found.push(page.rows.length)
    after = page.next
  }

  expect(found.reduce((sum, count) => sum + count, 0)).toBe(large)
  expect(Math.max(...found)).toBeLessThan(large / 2)
})
