import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inRole } from '../../sync-server/db/postgres.ts'
import { logSession, logStatement } from '../../sync-server/shapes/log.ts'
import { academy } from '../support/academy.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Relation Name'?: string
  readonly 'Scan Direction'?: string
  readonly 'Actual Loops': number
  readonly 'Actual Rows': number
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
  readonly Plans?: readonly PlanNode[]
}

const log = { facilityId: academy.facility_id, audience: 'desk' } as const
const entries = 60_000
const looked = 5000

let database: FoyerDatabase
beforeAll(async () => {
  database = await createFoyerDatabase()
  // Statistics are what each test says.
  await sql`alter table sync_log set (autovacuum_enabled = false)`.execute(database.admin)
})
afterAll(() => database.drop())

/** Entries of a log beyond `after`; every fifth row has two. */
const fill = async (after: number, count: number): Promise<void> => {
  await sql`
    insert into sync_log
    select ${log.facilityId}, ${log.audience}, n, (array['bookings', 'check_ins', 'invoices'])[1 + n % 3],
      md5((n % ${Math.ceil(entries * 0.8)}::int)::text)::uuid, jsonb_build_object('id', n), now()
    from generate_series(${after}::int + 1, ${after}::int + ${count}::int) n`.execute(database.admin)
}

const planOf = async (position: number): Promise<PlanNode> => {
  const limit = { rows: looked, bytes: 4_000_000 }
  const statement = logStatement({ log, after: { position, since: 0 }, limit })
  const { rows } = await inRole(database.server, logSession(log), async (tx) => {
    // As a connection keeps it: planned without knowing the values.
    const { sql: text, parameters } = statement.compile(tx)
    await sql.raw(`prepare reading as ${text}`).execute(tx)
    const explained = await sql<Record<'QUERY PLAN', readonly [{ readonly Plan: PlanNode }]>>`
      explain (analyze, buffers, timing off, format json)
      execute reading (${sql.join(parameters.map((value) => sql.lit(value)))})`.execute(tx)
    await sql`deallocate reading`.execute(tx)
    return explained
  })
  const [row] = rows
  if (!row) throw new Error('There is no plan')
  return row['QUERY PLAN'][0].Plan
}

const nodesOf = (node: PlanNode): readonly PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

describe('reading a log goes by index, in order, one step for each entry', () => {
  test.each([
    ['without statistics, right after a bulk insert', async () => fill(0, entries)],
    [
      'with statistics of when there was next to nothing',
      async () => {
        await sql`truncate sync_log`.execute(database.admin)
        await fill(0, 20)
        await sql`analyze sync_log`.execute(database.admin)
        await fill(20, entries - 20)
      },
    ],
    ['with statistics', async () => void (await sql`analyze sync_log`.execute(database.admin))],
  ])('%s', async (_name, prepare) => {
    await prepare()

    for (const position of [0, entries / 2, entries - looked]) {
      const plan = await planOf(position)

      const scans = nodesOf(plan).filter((node) => node['Relation Name'] === 'sync_log')
      const newest = scans.filter((node) => node['Index Name'] === 'sync_log_by_row')
      expect(newest).toMatchObject([{ 'Scan Direction': 'Backward', 'Actual Loops': looked, 'Actual Rows': 1 }])
      for (const scan of scans.filter((each) => !newest.includes(each))) {
        expect(scan).toMatchObject({ 'Index Name': 'sync_log_pkey', 'Scan Direction': 'Forward', 'Actual Loops': 1 })
      }
      // A step down an index of this size, and to the entry.
      expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThan(looked * 6)
    }
  })
})

test('reading a log does not go on behind so much that it would not end in time', async () => {
  // Packs to a hundredth, and is longer by far as a message.
  const large = sql`jsonb_build_object('text', repeat('"', 900000))`
  await sql`truncate sync_log`.execute(database.admin)
  await sql`
    insert into sync_log
    select ${log.facilityId}, ${log.audience}, n, 'mutation_outcomes', gen_random_uuid(), large.row, now()
    from generate_series(1, 200) n, (select ${large} as row offset 0) large`.execute(database.admin)

  const plan = await planOf(0)

  const [newest] = nodesOf(plan).filter((node) => node['Index Name'] === 'sync_log_by_row')
  expect(newest?.['Actual Loops']).toBeGreaterThan(2)
  expect(newest?.['Actual Loops']).toBeLessThan(20)
})
