import Sqlite from 'better-sqlite3'
import fc from 'fast-check'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scanReplica } from '../../src-main/data/health/scan.ts'
import { stateStore } from '../../src-main/data/replica/state.ts'
import { applierFor } from '../../src-shared/replica/apply.ts'
import { createTables } from '../../src-shared/replica/schema.ts'
import { isSharedText } from '../../src-shared/schema/columns.ts'
import { compactLog } from '../../sync-server/compaction/compact.ts'
import { digestsAt, foldDigests } from '../../sync-server/digests/fold.ts'
import { readPlace } from '../../sync-server/digests/log-changes.ts'
import { isBadData } from '../../sync-server/db/errors.ts'
import { inRole, type PostgresDatabase } from '../../sync-server/db/postgres.ts'
import * as build from '../support/academy.ts'
import { payment, seedAcademy, seedFacility, seedHousehold } from '../support/academy-pg.ts'
import { entriesAfter, headOf } from '../support/facility-log.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'

let database: FoyerDatabase
let db: Kysely<PostgresDatabase>
let academy: Awaited<ReturnType<typeof seedAcademy>>

beforeAll(async () => {
  database = await createFoyerDatabase()
  db = database.admin
  academy = await seedAcademy(db)
})
afterAll(() => database.drop())

/** Whatever both databases take: every script, quotes, line ends, nothing. */
const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).filter(isSharedText),
  fc.constantFrom('', 'null', '"', "O'Brien\n\t\\", 'Đặng Thị 🏊🏽‍♀️', 'محمد', 'e\u0301 é'),
)
const integer = fc.oneof(fc.integer(), fc.constantFrom(-2_147_483_648, 2_147_483_647, 0))
const instant = fc
  .date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9998-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString())
const date = instant.map((text) => text.slice(0, 10))
const time = fc.constantFrom('00:00', '09:05', '23:59')
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { freq: 3 })

/** What the rules of the database do not allow does not happen. */
const passOverConstraints = (error: unknown): void => {
  if (!isBadData(error)) throw error
}

type Here = Awaited<ReturnType<typeof begin>>

/** A facility of its own for each history, and so a log of its own. */
const begin = async () => {
  const code = build.newId().slice(-6)
  const seeded = await seedFacility(db, build.facility({ id: build.newId(), name: `At ${code}`, code }))
  const household = await seedHousehold(db, [seeded.facility.id])
  return { ...seeded, household, log: { facilityId: seeded.facility.id, audience: 'desk' } as const }
}

const touch = fc.oneof(
  fc.record({ name, capacity: orNull(integer) }).map((space) => async ({ facility }: Here) => {
    await db
      .insertInto('spaces')
      .values(build.space({ facility_id: facility.id, ...space }))
      .execute()
  }),
  fc.record({ name, capacity: orNull(integer) }).map((change) => async ({ facility }: Here) => {
    await db.updateTable('spaces').set(change).where('facility_id', '=', facility.id).execute()
  }),
  fc.constant(async ({ facility }: Here) => {
    await sql`delete from spaces where id = (select id from spaces where facility_id = ${facility.id} limit 1)`.execute(
      db,
    )
  }),
  fc
    .record({ first_name: name, preferred_name: orNull(name), birth_date: date, archived_at: orNull(instant) })
    .map((change) => async ({ household }: Here) => {
      await db.updateTable('students').set(change).where('id', '=', household.students[0].id).execute()
    }),
  fc
    .record({ date, starts_at: time, capacity: integer, roll_closed_at: orNull(instant) })
    .map((change) => async ({ session }: Here) => {
      await db.updateTable('sessions').set(change).where('id', '=', session.id).execute()
    }),
  fc
    .record({ amount: integer, tendered: orNull(integer), at: instant, reference: orNull(name) })
    .map((over) => async (here: Here) => {
      const paid = payment(here, { family_id: here.household.family.id, method_id: academy.cash.id, ...over })
      await db.insertInto('payments').values(paid).execute()
    }),
  // The family leaves this facility with all its rows, or comes (back).
  fc.boolean().map((isLinked) => async ({ facility, household }: Here) => {
    const link = { id: build.newId(), family_id: household.family.id, facility_id: facility.id }
    await db.deleteFrom('family_facilities').where('facility_id', '=', facility.id).execute()
    if (isLinked) await db.insertInto('family_facilities').values(link).execute()
  }),
  name.map((text) => async () => {
    await db.updateTable('organizations').set({ name: text }).execute()
  }),
)

const keep = fc.oneof(
  fc.constant(async () => {
    await sql`update sync_log set at = at - interval '61 days'`.execute(db)
    await compactLog({ db: database.server, restMs: 0, pieceSize: 7 })
  }),
  fc.constant(async ({ log }: Here) => {
    const head = await headOf(db, log.facilityId)
    await sql`update sync_log set at = at - interval '2 days' where position < ${head - 3}`.execute(db)
    await compactLog({ db: database.server, restMs: 0, fold: (of, to) => foldDigests(database.server, of, to) })
  }),
  fc.constant(async ({ log }: Here) => {
    await sql`delete from facility_digests where facility_id = ${log.facilityId}`.execute(db)
  }),
  fc.constant(async ({ log }: Here) => {
    await digestsAt({ db: database.server, log, check: () => undefined }, await headOf(db, log.facilityId))
  }),
)

/** What a replica stores that has the log up to a position, counted as the desk counts it. */
const stored = async (log: Here['log'], position: number) => {
  const sqlite = new Sqlite(':memory:')
  createTables(sqlite)
  const entries = await entriesAfter(db, log.facilityId)
  applierFor(sqlite).apply(entries.filter((entry) => entry.position <= position))
  stateStore(sqlite).update({ position, handle: 'a', isComplete: true })
  const scanned = await scanReplica({
    open: () => sqlite,
    pause: async () => undefined,
    isWanted: () => true,
    onProgress: () => undefined,
  })
  return Object.entries(scanned?.tables ?? {}).map(([table, { rows, digest }]) => [table, { rows, digest }])
}

const places = async (log: Here['log']): Promise<readonly number[]> => {
  const place = await inRole(database.server, { role: 'foyer_feed', facilityId: log.facilityId }, (tx) =>
    readPlace(tx, log),
  )
  const middle = Math.max(place.compactedTo, Math.floor((place.compactedTo + place.position) / 2))
  return [place.position, middle, Math.max(1, place.compactedTo)]
}

test('whatever happened, both sides count the same, at the head and at every place before it that is still there (SPEC H8)', async () => {
  const histories = fc.array(fc.oneof({ arbitrary: touch, weight: 4 }, { arbitrary: keep, weight: 1 }), {
    minLength: 5,
    maxLength: 25,
    size: 'max',
  })

  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const here = await begin()
      for (const step of history) await step(here).catch(passOverConstraints)

      for (const position of await places(here.log)) {
        const counted = await digestsAt({ db: database.server, log: here.log, check: () => undefined }, position)
        expect([...counted]).toEqual(await stored(here.log, position))
      }
    }),
    { numRuns: 10 },
  )
})
