import { execFile } from 'node:child_process'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Kysely, sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type CompactOptions, compactLog } from '../../../sync-server/compaction/compact.ts'
import { startCompaction } from '../../../sync-server/compaction/job.ts'
import { inRole, type PostgresDatabase } from '../../../sync-server/db/postgres.ts'
import { createMetrics } from '../../../sync-server/metrics.ts'
import * as build from '../../support/academy.ts'
import { seedAcademy } from '../../support/academy-pg.ts'
import { entriesAfter, headOf, replay, visibleImages } from '../../support/facility-log.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../../support/foyer-database.ts'
import { logClient } from '../../support/log-client.ts'
import { until } from '../../support/until.ts'

let database: FoyerDatabase
let admin: Kysely<PostgresDatabase>
let here: string
/** Where the log had been compacted to when the test began. */
let before: number

beforeAll(async () => {
  database = await createFoyerDatabase()
  admin = database.admin
  here = (await seedAcademy(admin)).first.facility.id
})
afterAll(() => database.drop())
beforeEach(async () => {
  await age('61 days')
  await compact()
  before = await prunedTo()
})

const compact = (options: Partial<CompactOptions> = {}) => compactLog({ db: database.server, restMs: 0, ...options })

/** Makes all that was published so far older. */
const age = (text: string) => sql`update sync_log set at = at - ${text}::interval`.execute(admin)

const addSpace = async (): Promise<string> => {
  const space = build.space({ facility_id: here })
  await admin.insertInto('spaces').values(space).execute()
  return space.id
}
const change = (id: string, capacity: number) =>
  admin.updateTable('spaces').set({ capacity }).where('id', '=', id).execute()
const remove = (id: string) => admin.deleteFrom('spaces').where('id', '=', id).execute()

const entriesOf = async (id: string) => (await entriesAfter(admin, here)).filter(({ row_id }) => row_id === id)

const prunedTo = async (): Promise<number> => {
  const { pruned_to } = await admin
    .selectFrom('facility_heads')
    .select('pruned_to')
    .where('facility_id', '=', here)
    .where('audience', '=', 'desk')
    .executeTakeFirstOrThrow()
  return pruned_to
}

const newClient = (rows = 10_000) =>
  logClient({ db: database.server, log: { facilityId: here, audience: 'desk' }, limit: { rows, bytes: 1_000_000 } })

const catchUp = async (client: ReturnType<typeof newClient>): Promise<'up-to-date' | 'must-refetch'> => {
  for (;;) {
    const answer = await client.ask()
    if (answer === 'must-refetch') return answer
    if (answer !== 'more') return 'up-to-date'
  }
}

describe('what is superseded', () => {
  test('goes also after something that a clock which was ahead has stamped (T1)', async () => {
    const id = await addSpace()
    await change(id, 2)
    await change(id, 3)
    await age('2 days')
    await sql`
      update sync_log set at = now() + interval '1 year'
      where position = (select min(position) from sync_log where row_id = ${id})`.execute(admin)

    await compact()

    expect((await entriesOf(id)).map(({ row }) => row && row['capacity'])).toEqual([3])
  })

  test('goes a day after the newer image came, whatever age it has itself', async () => {
    const id = await addSpace()
    await age('3 days')
    await change(id, 7)

    const early = await compact()
    const kept = await entriesOf(id)
    await age('25 hours')
    await change(id, 8)
    const late = await compact()

    expect([early.superseded, kept.length]).toEqual([0, 2])
    expect(late.superseded).toBe(1)
    expect((await entriesOf(id)).map(({ row }) => row?.['capacity'])).toEqual([7, 8])
  })

  test('leaves a log that says the same as before', async () => {
    const ids = await Promise.all([addSpace(), addSpace(), addSpace()])
    for (const id of ids) for (const capacity of [2, 3, 4]) await change(id, capacity)
    await age('2 days')

    const { superseded } = await compact({ pieceSize: 3 })

    expect(superseded).toBe(9)
    expect(await prunedTo()).toBe(before)
    expect(replay(await entriesAfter(admin, here))).toEqual(await visibleImages(admin, here))
  })

  test('is looked for in new entries only', async () => {
    const id = await addSpace()
    await change(id, 2)
    await age('2 days')
    await compact()
    // Older than what was looked at last time, so nobody looks.
    await sql`insert into sync_log select facility_id, audience, position - 1, table_name, row_id, row, at from sync_log
      where row_id = ${id}`.execute(admin)

    expect(await compact()).toMatchObject({ superseded: 0 })
    expect(await entriesOf(id)).toHaveLength(2)
  })

  test('of a removed and added row is its removal, and nobody has to start afresh for it', async () => {
    const space = build.space({ facility_id: here })
    await admin.insertInto('spaces').values(space).execute()
    await remove(space.id)
    await admin.insertInto('spaces').values(space).execute()
    await age('90 days')

    await compact()

    expect(await entriesOf(space.id)).toMatchObject([{ row: { id: space.id } }])
    expect(await prunedTo()).toBe(before)
  })
})

describe('a removal', () => {
  test('stays for 60 days, and takes with it everything that is left of its row', async () => {
    const id = await addSpace()
    await change(id, 3)
    await remove(id)
    const position = await headOf(admin, here)
    await age('59 days')
    await compact()
    const kept = await entriesOf(id)
    await age('2 days')

    const { removals } = await compact()

    expect(kept.map(({ row }) => row)).toEqual([null])
    expect(removals).toBe(1)
    expect(await entriesOf(id)).toEqual([])
    expect(await prunedTo()).toBe(position)
  })

  test('that is gone sends who has not passed it to the start, and nobody else (S12)', async () => {
    const id = await addSpace()
    const [away, present] = [newClient(), newClient()]
    await catchUp(away)
    await remove(id)
    await catchUp(present)
    await age('61 days')
    await compact()

    expect(await catchUp(present)).toBe('up-to-date')
    expect(await catchUp(away)).toBe('must-refetch')
    await catchUp(away)
    expect(away.rows()).toEqual(present.rows())
    expect([...away.rows().keys()].some((key) => key.endsWith(id))).toBe(false)
  })

  test('from before a load that is still going on does not send it back, one from after it does', async () => {
    const [first, second] = [await addSpace(), await addSpace()]
    await remove(first)
    const [early, late] = [newClient(5), newClient(5)]
    await early.ask()
    await age('61 days')
    await compact()
    const isEarlyFine = await early.ask()
    await late.ask()
    await remove(second)
    await age('61 days')
    await compact()

    expect(isEarlyFine).not.toBe('must-refetch')
    expect(await catchUp(late)).toBe('must-refetch')
  })

  test('that is taken out between two statements of a read is not missed by it (S12)', async () => {
    const id = await addSpace()
    const client = newClient()
    await catchUp(client)
    await remove(id)
    await age('61 days')
    let compactions = 0
    const interrupted = database.server.withPlugin({
      transformQuery: ({ node }) => node,
      // The head is read; what follows it is not.
      transformResult: async ({ result }) => {
        const [row] = result.rows
        if (row && 'pruned_to' in row) {
          compactions += 1
          await compact()
        }
        return result
      },
    })
    const place = { facilityId: here, audience: 'desk' } as const
    const reader = logClient({ db: interrupted, log: place, limit: { rows: 9999, bytes: 1e9 } }, client)

    const answer = await reader.ask()

    expect(compactions).toBe(1)
    expect(await entriesOf(id)).toEqual([])
    expect(answer).not.toBe('must-refetch')
    expect([...reader.rows().keys()].some((key) => key.endsWith(id))).toBe(false)
  })
})

describe('the work', () => {
  test('is done in pieces that move pruned_to as they go, so that the head is never locked for long', async () => {
    const ids = []
    for (let count = 0; count < 12; count += 1) ids.push(await addSpace())
    for (const id of ids) await remove(id)
    await age('61 days')
    const seen = new Set<number>()
    const watched = database.server.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        seen.add(await prunedTo())
        return result
      },
    })

    await compact({ db: watched, pieceSize: 4 })

    expect(seen.size).toBeGreaterThanOrEqual(3)
  })

  test('waits for what is counted from the log, and takes nothing that it has not counted', async () => {
    const [changed, removed] = [await addSpace(), await addSpace()]
    await change(changed, 2)
    await remove(removed)
    await age('61 days')
    const head = await headOf(admin, here)
    const counted: unknown[] = []

    const taken = await compact({
      fold: async ({ facilityId, audience }, position) => {
        if (facilityId !== here || audience !== 'desk') return
        counted.push(position, (await entriesOf(removed)).length)
        // Published while it was being counted: for the next time.
        await remove(changed)
        await age('61 days')
      },
    })

    expect(counted).toEqual([head, 2])
    expect(taken).toMatchObject({ superseded: 2, removals: 1 })
    expect((await entriesOf(changed)).map(({ row }) => row && row['capacity'])).toEqual([2, null])
  })

  test('goes on with the other logs when one cannot be done, and says so in the end', async () => {
    const heads = await admin.selectFrom('facility_heads').select(['facility_id', 'audience']).execute()
    const asked: string[] = []

    const failed = compact({
      fold: async ({ facilityId, audience }) => {
        asked.push(`${facilityId} ${audience}`)
        if (asked.length === 1) throw new Error('locked for too long')
      },
    })

    await expect(failed).rejects.toThrow('locked for too long')
    expect(asked.toSorted()).toEqual(heads.map(({ facility_id, audience }) => `${facility_id} ${audience}`).toSorted())
    expect(asked.length).toBeGreaterThan(1)
  })

  test('is left to the server that is at it', async () => {
    const id = await addSpace()
    await change(id, 2)
    await age('2 days')

    await admin.transaction().execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(7205759406)`.execute(tx)
      expect(await compact()).toEqual({ superseded: 0, removals: 0, isElsewhere: true })
    })
    expect(await compact()).toEqual({ superseded: 1, removals: 0, isElsewhere: false })
  })
})

describe('a server', () => {
  test('compacts by itself now and then, and says how large the log is', async () => {
    const id = await addSpace()
    await change(id, 2)
    await age('2 days')
    const metrics = createMetrics()

    const log = pino({ level: 'silent' })
    const compaction = startCompaction({ db: database.server, everyMs: 50, log, random: () => 0.5 })
    compaction.addMetrics(metrics)
    await until(async () => /foyer_log_superseded_pruned 1\n/.test(await metrics.text()))
    await compaction.stop()

    expect(await entriesOf(id)).toHaveLength(1)
    expect(await metrics.text()).toMatch(/foyer_log_bytes [1-9]/)
  })

  test('goes on compacting when the digests cannot be folded, or the database cannot', async () => {
    const id = await addSpace()
    await change(id, 2)
    await age('2 days')
    const failing = async (): Promise<void> => {
      throw new Error('no digests')
    }
    await sql`alter table log_compaction rename to lost`.execute(admin)

    const log = pino({ level: 'silent' })
    const compaction = startCompaction({ db: database.server, everyMs: 30, log, fold: failing })
    await delay(100)
    const meanwhile = await entriesOf(id)
    await sql`alter table lost rename to log_compaction`.execute(admin)
    await until(async () => (await entriesOf(id)).length === 1)
    await compaction.stop()

    expect(meanwhile).toHaveLength(2)
  })
})

describe('an operator', () => {
  test('compacts by a command, which says what it did', async () => {
    const id = await addSpace()
    await change(id, 2)
    await remove(id)
    await age('61 days')

    const { stdout } = await promisify(execFile)(process.execPath, [path.resolve('sync-server/compact-main.ts')], {
      env: { ...process.env, DATABASE_URL: database.serverUrl },
    })

    expect(stdout).toContain('2 superseded entries, 1 with old removals')
    expect(await entriesOf(id)).toEqual([])
  })
})

describe('foyer_compact', () => {
  const as = (text: string) => inRole(database.server, { role: 'foyer_compact' }, (tx) => sql.raw(text).execute(tx))

  test.each([
    'select row from sync_log',
    'select * from sync_log',
    'update sync_log set row = null',
    'insert into sync_log select * from sync_log',
    'update facility_heads set position = 0',
    'delete from facility_heads',
    'select * from families',
    'select * from mutations',
    'select sync.renew_epoch((select epoch from server_epoch), $$$$)',
  ])('may not %s', async (text) => {
    await expect(as(text)).rejects.toThrow('permission denied')
  })

  test('cannot say that removals are gone which were never in the log', async () => {
    await expect(as('update facility_heads set pruned_to = position + 1')).rejects.toThrow('facility_heads_pruned_to')
  })
})
