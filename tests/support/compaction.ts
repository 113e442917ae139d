import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { type CompactOptions, compactLog } from '../../sync-server/compaction/compact.ts'
import type { PostgresDatabase } from '../../sync-server/db/postgres.ts'
import * as build from './academy.ts'
import { seedAcademy } from './academy-pg.ts'
import { entriesAfter } from './facility-log.ts'
import { createFoyerDatabase, type FoyerDatabase } from './foyer-database.ts'

/** A database for all tests of a file, whose log is compacted before each, and the spaces of one facility to change. */
export const compactedLog = () => {
  let database: FoyerDatabase
  let admin: Kysely<PostgresDatabase>
  let here: string
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

  const prunedTo = async (): Promise<number> => {
    const { pruned_to } = await admin
      .selectFrom('facility_heads')
      .select('pruned_to')
      .where('facility_id', '=', here)
      .where('audience', '=', 'desk')
      .executeTakeFirstOrThrow()
    return pruned_to
  }

  return {
    database: () => database,
    admin: () => admin,
    /** The facility. */
    here: () => here,
    /** Where the log had been compacted to when the test began. */
    before: () => before,
    compact,
    age,
    prunedTo,
    addSpace: async (): Promise<string> => {
      const space = build.space({ facility_id: here })
      await admin.insertInto('spaces').values(space).execute()
      return space.id
    },
    change: (id: string, capacity: number) =>
      admin.updateTable('spaces').set({ capacity }).where('id', '=', id).execute(),
    remove: (id: string) => admin.deleteFrom('spaces').where('id', '=', id).execute(),
    entriesOf: async (id: string) => (await entriesAfter(admin, here)).filter(({ row_id }) => row_id === id),
  }
}
