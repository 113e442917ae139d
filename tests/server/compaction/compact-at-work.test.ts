import { execFile } from 'node:child_process'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { startCompaction } from '../../../sync-server/compaction/job.ts'
import { inRole } from '../../../sync-server/db/postgres.ts'
import { createMetrics } from '../../../sync-server/metrics.ts'
import { compactedLog } from '../../support/compaction.ts'
import { headOf } from '../../support/facility-log.ts'
import { until } from '../../support/until.ts'

const { database, admin, here, compact, age, prunedTo, addSpace, change, remove, entriesOf } = compactedLog()

describe('the work', () => {
  test('is done in pieces that move pruned_to as they go, so that the head is never locked for long', async () => {
    const ids = []
    for (let count = 0; count < 12; count += 1) ids.push(await addSpace())
    for (const id of ids) await remove(id)
    await age('61 days')
    const seen = new Set<number>()
    const watched = database().server.withPlugin({
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
    const head = await headOf(admin(), here())
    const counted: unknown[] = []

    const taken = await compact({
      fold: async ({ facilityId, audience }, position) => {
        if (facilityId !== here() || audience !== 'desk') return
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
    const heads = await admin().selectFrom('facility_heads').select(['facility_id', 'audience']).execute()
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

    await admin()
      .transaction()
      .execute(async (tx) => {
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
    const compaction = startCompaction({ db: database().server, everyMs: 50, log, random: () => 0.5 })
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
    await sql`alter table log_compaction rename to lost`.execute(admin())

    const log = pino({ level: 'silent' })
    const compaction = startCompaction({ db: database().server, everyMs: 30, log, fold: failing })
    await delay(100)
    const meanwhile = await entriesOf(id)
    await sql`alter table lost rename to log_compaction`.execute(admin())
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
      env: { ...process.env, DATABASE_URL: database().serverUrl },
    })

    expect(stdout).toContain('2 superseded entries, 1 with old removals')
    expect(await entriesOf(id)).toEqual([])
  })
})

describe('foyer_compact', () => {
  const as = (text: string) => inRole(database().server, { role: 'foyer_compact' }, (tx) => sql.raw(text).execute(tx))

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
