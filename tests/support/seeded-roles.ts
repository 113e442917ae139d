import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll } from 'vitest'
import type { Table } from '../../src-shared/schema/table.ts'
import { serverTables, syncedTables } from '../../src-shared/schema/tables.ts'
import { inRole, type PostgresDatabase, type Session } from '../../sync-server/db/postgres.ts'
import { seedAcademy, seedHousehold } from './academy-pg.ts'
import { createFoyerDatabase, type FoyerDatabase } from './foyer-database.ts'

export const synced: readonly Table[] = Object.values(syncedTables)
export const server: readonly Table[] = Object.values(serverTables)

/** A database for all tests of a file, with the rows of two facilities, and what a role may do there. */
export const seededRoles = () => {
  let database: FoyerDatabase
  let db: Kysely<PostgresDatabase>
  let academy: Awaited<ReturnType<typeof seedAcademy>>
  let stranger: Awaited<ReturnType<typeof seedHousehold>>
  const here = (): string => academy.first.facility.id
  const there = (): string => academy.second.facility.id

  beforeAll(async () => {
    database = await createFoyerDatabase()
    db = database.server
    academy = await seedAcademy(database.admin)
    stranger = await seedHousehold(database.admin, [there()])
  })
  afterAll(() => database.drop())

  const countAs = (session: Session, table: string): Promise<number> =>
    inRole(db, session, async (tx) => {
      const { rows } = await sql<{ count: number }>`select count(*) from ${sql.table(table)}`.execute(tx)
      return rows[0]?.count ?? -1
    })

  const runAs = (session: Session, statement: string) => inRole(db, session, (tx) => sql.raw(statement).execute(tx))

  return {
    database: () => database,
    db: () => db,
    academy: () => academy,
    /** A family of the second facility alone. */
    stranger: () => stranger,
    here,
    there,
    appHere: (): Session => ({ role: 'foyer_app', facilityId: here(), organizationId: academy.organization_id }),
    countAs,
    runAs,
  }
}
