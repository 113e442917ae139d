import { type Kysely, sql } from 'kysely'
import type { Scope, Table } from '../../src-shared/schema/table.ts'
import { syncedTables } from '../../src-shared/schema/tables.ts'
import type { PostgresDatabase } from '../../sync-server/db/postgres.ts'

type Image = Readonly<Record<string, unknown>>

/** Row images by table and row id. Tables without rows are left out. */
export type Images = Readonly<Record<string, Readonly<Record<string, Image>>>>

export interface Entry {
  readonly position: number
  readonly table_name: string
  readonly row_id: string
  readonly row: Image | null
}

/** The entries of the desk log of a facility after a position, in order. */
export const entriesAfter = async (
  db: Kysely<PostgresDatabase>,
  facilityId: string,
  position = 0,
): Promise<readonly Entry[]> =>
  db
    .selectFrom('sync_log')
    .select(['position', 'table_name', 'row_id', 'row'])
    .where('facility_id', '=', facilityId)
    .where('audience', '=', 'desk')
    .where('position', '>', position)
    .orderBy('position')
    .execute()

/** How far the desk log of a facility goes. */
export const headOf = async (db: Kysely<PostgresDatabase>, facilityId: string): Promise<number> => {
  const head = await db
    .selectFrom('facility_heads')
    .select('position')
    .where('facility_id', '=', facilityId)
    .where('audience', '=', 'desk')
    .executeTakeFirstOrThrow()
  return head.position
}

/** What a replica holds that has applied these entries. */
export const replay = (entries: readonly Entry[]): Images => {
  const images: Record<string, Record<string, Image>> = {}
  for (const { table_name, row_id, row } of entries) {
    const table = (images[table_name] ??= {})
    if (row) table[row_id] = row
    else delete table[row_id]
  }
  return Object.fromEntries(Object.entries(images).filter(([, rows]) => Object.keys(rows).length > 0))
}

/** What a replica of this facility must hold, asked of the tables by the scopes of their definitions. */
export const visibleImages = async (db: Kysely<PostgresDatabase>, facilityId: string): Promise<Images> => {
  const images: [string, Record<string, Image>][] = []
  for (const table of Object.values<Table>(syncedTables)) {
    const { rows } = await sql<{ id: string; image: Image }>`
      select id, to_jsonb(r) as image from ${sql.table(table.name)} as r
      where ${sql.ref(columnOf(table.scope))} in (${keysOf(table.scope, facilityId)})`.execute(db)
    if (rows.length > 0) images.push([table.name, Object.fromEntries(rows.map(({ id, image }) => [id, image]))])
  }
  return Object.fromEntries(images)
}

const columnOf = (scope: Scope): string => (scope.kind === 'server' ? 'id' : scope.column)

const keysOf = ({ kind }: Scope, facilityId: string) => {
  const families = sql`select family_id from family_facilities where facility_id = ${facilityId}`
  if (kind === 'facility') return sql`${facilityId}::uuid`
  if (kind === 'organization') return sql`select organization_id from facilities where id = ${facilityId}`
  if (kind === 'family') return families
  return sql`select student_id from family_students where family_id in (${families})`
}
