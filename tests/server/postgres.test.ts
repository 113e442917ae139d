import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isOutage } from '../../sync-server/db/errors.ts'
import { insertsAhead } from '../../sync-server/db/inserts-ahead.ts'
import { later } from '../../sync-server/db/later.ts'
import { inRole, openPostgres, type PostgresDatabase, readInRole } from '../../sync-server/db/postgres.ts'
import { startProxy } from '../faults/support/proxy.ts'
import { academy as ids, newId } from '../support/academy.ts'
import { seedAcademy } from '../support/academy-pg.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'
import { until } from '../support/until.ts'

let database: FoyerDatabase
let db: Kysely<PostgresDatabase>

const app = { role: 'foyer_app', facilityId: ids.facility_id, organizationId: ids.organization_id } as const

beforeAll(async () => {
  database = await createFoyerDatabase()
  db = database.server
  await seedAcademy(database.admin)
})

afterAll(() => database.drop())

const valueOf = async (expression: ReturnType<typeof sql>): Promise<unknown> => {
  const { rows } = await sql<{ value: unknown }>`select ${expression} as value`.execute(db)
  return rows[0]?.value
}

test('instants are read in UTC whatever zone the role has and whatever options the URL', async () => {
  const url = new URL(database.serverUrl)
  url.searchParams.set('options', '-c TimeZone=Australia/Sydney')
  const elsewhere = openPostgres({ url: url.href })

  const read = await inRole(elsewhere.db, app, async (tx) =>
    sql<{ value: string }>`select timestamptz '2026-11-21 09:00:00Z' as value`.execute(tx),
  )
  await elsewhere.close()

  expect(read.rows).toEqual([{ value: '2026-11-21T09:00:00.000Z' }])
})

describe('a value from PostgreSQL', () => {
  test.each([
    [sql`timestamptz '2026-11-21 09:00:00+11'`, '2026-11-20T22:00:00.000Z'],
    [sql`timestamptz '2026-11-21 09:00:00.07Z'`, '2026-11-21T09:00:00.070Z'],
    [sql`date '2026-03-29'`, '2026-03-29'],
    [sql`time '16:30'`, '16:30'],
    [sql`9007199254740991::int8`, 9_007_199_254_740_991],
    [sql`(select count(*) from (values (1)) as one)`, 1],
    [sql`null::timestamptz`, null],
    [sql`true`, true],
  ])('number %#: has the form of the definitions', async (expression, expected) => {
    expect(await valueOf(expression)).toBe(expected)
  })

  test('that a number cannot hold is an error, not another value', async () => {
    await expect(valueOf(sql`9007199254740993::int8`)).rejects.toThrow('9007199254740993')
  })
})

describe('a connection', () => {
  test.each([
    ['statement_timeout', '5s'],
    ['lock_timeout', '2s'],
    ['idle_in_transaction_session_timeout', '10s'],
    ['TimeZone', 'UTC'],
  ])('has %s %s', async (name, value) => {
    expect(await valueOf(sql`current_setting(${name})`)).toBe(value)
  })

  test('that breaks while idle is reported, and the pool goes on', async () => {
    const errors: Error[] = []
    const pool = openPostgres({ url: database.serverUrl, onError: (error) => errors.push(error) })
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(pool.db)

    await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(database.admin)
    await until(() => errors.length > 0)

    expect((await sql`select 1`.execute(pool.db)).rows).toHaveLength(1)
    await pool.close()
  })

  test('that stops answering fails all that was asked on it as an outage, and the pool goes on (N5)', async () => {
    const line = await startProxy(Number(new URL(database.serverUrl).port))
    const url = Object.assign(new URL(database.serverUrl), { hostname: '127.0.0.1', port: String(line.port) }).href
    const pool = openPostgres({ url, maxConnections: 1, answerTimeout: 2000 })
    await readInRole(pool.db, app, async (tx) => sql`select 1`.execute(tx))

    line.freeze()
    const asked = [
      inRole(pool.db, app, async (tx) => {
        await sql`select 1`.execute(tx)
        await sql`select 2`.execute(tx)
      }),
      sql`select 1`.execute(pool.db),
    ]
    const [first, second] = await Promise.allSettled(asked)

    expect(first).toMatchObject({ status: 'rejected', reason: expect.toSatisfy(isOutage) as unknown })
    expect(second).toMatchObject({ status: 'fulfilled' })
    await readInRole(pool.db, app, async (tx) => sql`select 1`.execute(tx))
    await pool.close()
    await line.close()
  })

  test('that breaks between two queries fails the transaction, and nothing else', async () => {
    const breaking = inRole(db, app, async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
      const pid = rows[0]?.pid
      await sql`select pg_terminate_backend(${pid})`.execute(database.admin)
      await until(async () => {
        const left = await sql`select from pg_stat_activity where pid = ${pid}`.execute(database.admin)
        return left.rows.length === 0
      })
      await sql`select 1`.execute(tx)
    })

    await expect(breaking).rejects.toThrow(/terminat|not queryable/)
    expect(await valueOf(sql`1`)).toBe(1)
  })
})

describe('inRole', () => {
  test('runs the work as the role, and rolls back when it throws', async () => {
    const failing = inRole(db, app, async (tx) => {
      await tx.updateTable('facilities').set({ name: 'Elsewhere' }).execute()
      throw new Error('no')
    })

    await expect(failing).rejects.toThrow('no')
    const names = await inRole(db, app, (tx) => tx.selectFrom('facilities').select('name').execute())
    expect(names.map(({ name }) => name)).not.toContain('Elsewhere')
  })

  test('runs the work again after a deadlock, and both transactions have their effect', async () => {
    const staff = await database.admin.selectFrom('staff').select('id').executeTakeFirstOrThrow()
    const role = await database.admin.selectFrom('roles').select('id').executeTakeFirstOrThrow()
    let runs = 0
    let bothHold: () => void = () => undefined
    const held = new Promise<void>((resolve) => (bothHold = resolve))
    const meet = (): Promise<void> => {
      runs += 1
      if (runs === 2) bothHold()
      return held
    }
    const renameStaff = (tx: Kysely<PostgresDatabase>, name: string) =>
      tx.updateTable('staff').set({ last_name: name }).where('id', '=', staff.id).execute()
    const renameRole = (tx: Kysely<PostgresDatabase>, name: string) =>
      tx.updateTable('roles').set({ name }).where('id', '=', role.id).execute()

    await Promise.all([
      inRole(db, app, async (tx) => {
        await renameStaff(tx, 'One')
        await meet()
        await renameRole(tx, 'One')
      }),
      inRole(db, app, async (tx) => {
        await renameRole(tx, 'Two')
        await meet()
        await renameStaff(tx, 'Two')
      }),
    ])

    // Who runs again may be quicker than who waits, and meet it once more.
    expect(runs).toBeGreaterThanOrEqual(3)
    const { name } = await database.admin.selectFrom('roles').select('name').executeTakeFirstOrThrow()
    const { last_name } = await database.admin.selectFrom('staff').select('last_name').executeTakeFirstOrThrow()
    expect(name).toBe(last_name)
  })

  test('says what its first statement failed with, although nobody waited for it', async () => {
    const nobody = { ...app, role: 'nobody' as 'foyer_app' }

    const failing = inRole(db, nobody, (tx) => tx.selectFrom('facilities').select('name').execute())

    await expect(failing).rejects.toThrow('role "nobody" does not exist')
    expect(await valueOf(sql`current_user`)).toBe('foyer_server')
  })

  test('fails when an insert fails that nobody waited for, and keeps nothing', async () => {
    const family = { id: newId(), organization_id: ids.organization_id, name: 'Berg', card_code: null, note: null }
    const row = { ...family, archived_at: null }

    const failing = inRole(db, app, async (tx) => {
      const hasty = tx.withPlugin(insertsAhead)
      await hasty.insertInto('families').values(row).execute()
      await hasty.insertInto('families').values(row).execute()
    })

    await expect(failing).rejects.toMatchObject({ code: '23505' })
    expect(await database.admin.selectFrom('families').where('id', '=', row.id).select('id').execute()).toEqual([])
  })

  test('fails as a whole for what was not waited for, also when it goes back to a savepoint', async () => {
    const family = { id: newId(), organization_id: ids.organization_id, name: 'Berg', card_code: null, note: null }
    const row = { ...family, archived_at: null }

    const failing = inRole(db, app, async (tx) => {
      await sql`savepoint before`.execute(tx)
      const hasty = tx.withPlugin(insertsAhead)
      await hasty.insertInto('families').values(row).execute()
      await hasty.insertInto('families').values(row).execute()
      await sql`rollback to savepoint before`.execute(tx).catch(() => undefined)
    })

    await expect(failing).rejects.toMatchObject({ code: '23505' })
  })

  test('goes on with prepared statements after a change of the schema below them', async () => {
    const read = () => inRole(db, app, (tx) => tx.selectFrom('facilities').selectAll().execute())
    for (let time = 0; time < 5; time += 1) await read()
    await sql`alter table facilities add column nickname text`.execute(database.admin)

    const [facility] = await read()
    await sql`alter table facilities drop column nickname`.execute(database.admin)

    expect(facility).toHaveProperty('nickname')
    expect(await read()).not.toHaveLength(0)
  })

  test('does not run the work again after any other error', async () => {
    let runs = 0

    const failing = inRole(db, app, async (tx) => {
      runs += 1
      await sql`select 1 / 0`.execute(tx)
    })

    await expect(failing).rejects.toThrow('division by zero')
    expect(runs).toBe(1)
  })
})

describe('what is asked for later', () => {
  test('is sent before the next statement, and has its rows', async () => {
    const [early, after] = await inRole(db, app, async (tx) => {
      const names = await later(tx.selectFrom('facilities').select('name').where('id', '=', ids.facility_id))
      await tx.updateTable('facilities').set({ name: 'Renamed' }).where('id', '=', ids.facility_id).execute()
      const renamed = tx.selectFrom('facilities').select('name').where('id', '=', ids.facility_id)
      return [await names(), await renamed.execute()]
    })

    expect(early).toHaveLength(1)
    expect(early).not.toEqual(after)
    expect(after).toEqual([{ name: 'Renamed' }])
  })

  test('fails the next statement too when it failed, with what it failed with', async () => {
    const failing = inRole(db, app, async (tx) => {
      await later(tx.selectFrom('facilities').select(sql`1 / 0`.as('value')))
      await tx.selectFrom('facilities').select('name').execute()
    })

    await expect(failing).rejects.toThrow('division by zero')
    expect(await valueOf(sql`current_user`)).toBe('foyer_server')
  })
})

describe('readInRole', () => {
  test('reads as the role, and leaves the connection outside of any transaction', async () => {
    const pool = openPostgres({ url: database.serverUrl, maxConnections: 1 })
    const names = await readInRole(pool.db, app, (tx) => tx.selectFrom('facilities').select('name').execute())
    const { rows } = await sql<{ role: string; is_outside: boolean }>`
      select current_user as role, pg_current_xact_id_if_assigned() is null
        and current_setting('transaction_read_only') = 'off' as is_outside`.execute(pool.db)
    await pool.close()

    expect(names).not.toHaveLength(0)
    expect(rows).toEqual([{ role: 'foyer_server', is_outside: true }])
  })

  test('says what the statement failed with, or what went before it, and the connection goes on', async () => {
    const pool = openPostgres({ url: database.serverUrl, maxConnections: 1 })
    const failing = async (session: typeof app) => readInRole(pool.db, session, (tx) => sql`select 1 / 0`.execute(tx))
    const nobody = { ...app, role: 'nobody' as 'foyer_app' }

    await expect(failing(app)).rejects.toThrow('division by zero')
    await expect(failing(nobody)).rejects.toThrow('role "nobody" does not exist')
    expect((await sql`select current_user as role`.execute(pool.db)).rows).toEqual([{ role: 'foyer_server' }])
    await pool.close()
  })

  test('cannot write', async () => {
    const writing = readInRole(db, app, (tx) =>
      sql`with changed as (update facilities set name = 'x' returning 1) select * from changed`.execute(tx),
    )

    await expect(writing).rejects.toMatchObject({ code: '25006' })
  })
})
