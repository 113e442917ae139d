import { execFile } from 'node:child_process'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Kysely, sql } from 'kysely'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PostgresDatabase } from '../../sync-server/db/postgres.ts'
import { createEpochKeeper } from '../../sync-server/epoch.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'

let database: FoyerDatabase
let admin: Kysely<PostgresDatabase>

beforeEach(async () => {
  database = await createFoyerDatabase()
  admin = database.admin
})
afterEach(() => database.drop())

const newKeeper = (trustSeconds?: number) =>
  createEpochKeeper({
    db: database.server,
    log: pino({ level: 'silent' }),
    ...(trustSeconds !== undefined && { trustSeconds }),
  })

const epoch = async () => admin.selectFrom('server_epoch').select(['epoch', 'reason']).executeTakeFirstOrThrow()

describe('the epoch', () => {
  test('stays while the database is where it was, however often servers start and connections break', async () => {
    const before = await epoch()

    for (const keeper of [newKeeper(), newKeeper()]) {
      await keeper.check()
      await sql`vacuum full server_epoch`.execute(admin)
      await keeper.check()
    }

    expect(await epoch()).toEqual(before)
  })

  test.each([
    [
      'of another cluster, or of a timeline that began at a restore or a failover (S4)',
      `home = 'elsewhere/00000002/1'`,
    ],
    ['that was loaded from a dump (S5)', `id = id`],
  ])('changes in a database %s, once', async (_name, change) => {
    const before = await epoch()
    await sql`update server_epoch set ${sql.raw(change)}`.execute(admin)

    await Promise.all([newKeeper().check(), newKeeper().check()])
    const after = await epoch()
    await newKeeper().check()

    expect(after.epoch).not.toBe(before.epoch)
    expect(after.reason).toBe('restored')
    expect(await epoch()).toEqual(after)
  })

  test('changes when the write-ahead log went back under a running server (S5)', async () => {
    const keeper = newKeeper()
    await keeper.check()
    const before = await epoch()
    // As if the server had seen more of it.
    await sql`create or replace function sync.keep_epoch(out epoch uuid, out is_renewed boolean, out wal int8)
      language sql security definer set search_path = public, pg_temp
      as 'select epoch, false, 17 from server_epoch'`.execute(admin)

    await keeper.check()

    expect((await epoch()).epoch).not.toBe(before.epoch)
    expect((await epoch()).reason).toBe('went back')
  })

  test('is looked at until that could be done: after a failover the pool hangs, and nobody asks again (S4)', async () => {
    const before = await epoch()
    await sql`update server_epoch set home = 'elsewhere/00000002/1'`.execute(admin)
    await sql`alter function sync.keep_epoch rename to away`.execute(admin)
    const keeper = newKeeper()
    const { signal } = new AbortController()

    const could = await keeper.check()
    const settled = keeper.settle(signal)
    await delay(300)
    await sql`alter function sync.away rename to keep_epoch`.execute(admin)
    await settled

    expect(could).toBe(false)
    expect((await epoch()).epoch).not.toBe(before.epoch)
  })

  test('is no longer looked at by a server that closes', async () => {
    await sql`alter function sync.keep_epoch rename to away`.execute(admin)
    const closing = new AbortController()

    const settled = newKeeper().settle(closing.signal)
    closing.abort()

    await expect(settled).resolves.toBeUndefined()
  })

  test('is doubted by a device only once an hour, so that a hostile one cannot make everybody load anew (H5)', async () => {
    const keeper = newKeeper()
    const installed = await epoch()

    const early = await keeper.doubt(installed.epoch, 'position', 'device')
    await sql`update server_epoch set since = now() - interval '61 minutes', written_by = pg_current_xact_id()`.execute(
      admin,
    )
    const doubted = await keeper.doubt(installed.epoch, 'position', 'device')
    const again = await keeper.doubt(doubted, 'position', 'device')
    const outdated = await keeper.doubt(installed.epoch, 'sequence', 'device')

    expect(early).toBe(installed.epoch)
    expect(doubted).not.toBe(installed.epoch)
    expect([again, outdated]).toEqual([doubted, doubted])
    expect((await epoch()).reason).toBe('a device is ahead: position')
  })

  test('changes when an operator says so, and only when it is meant', async () => {
    const before = await epoch()
    const run = async (...args: readonly string[]) =>
      promisify(execFile)(process.execPath, [path.resolve('sync-server/new-epoch-main.ts'), ...args], {
        env: { ...process.env, DATABASE_URL: database.serverUrl },
      })

    const look = await run()
    const seen = await epoch()
    const meant = await run('--yes')

    expect(seen).toEqual(before)
    expect(look.stdout).toContain(before.epoch)
    expect((await epoch()).epoch).not.toBe(before.epoch)
    expect(meant.stdout).toContain((await epoch()).epoch)
    expect(meant.stdout).toContain('A computer that was shut out since the backup is let in again')
  })

  test('that cannot be looked at is no reason to stop', async () => {
    await sql`drop function sync.keep_epoch`.execute(admin)

    await expect(newKeeper().check()).resolves.toBe(false)
  })
})
