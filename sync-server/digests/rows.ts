import { sql } from 'kysely'
import type { z } from 'zod'
import type { rowsRequest, rowsResponse } from '../../src-shared/contract/health.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { inRole } from '../db/postgres.ts'
import type { Db, Tx } from '../db/tx.ts'
import { fitsHandle, type LogName } from '../shapes/handle.ts'
import { withFits } from '../shapes/log-window.ts'
import { readPlace } from './log-changes.ts'

type Wanted = Pick<z.output<typeof rowsRequest>, 'handle' | 'table' | 'of'>
type Page = z.output<typeof rowsResponse>

/** Some hundreds of kilobytes; fewer where they are large. */
const rowsInPage = 1000

/**
 * Rows of one table for a replica that holds wrong ones: all of them as they are now, to find out which, and those as
 * they were at the replica's position. Throws `position_gone`.
 */
export const readRows = async (db: Db, log: LogName, { handle, table, of }: Wanted): Promise<Page> =>
  inRole(db, { role: 'foyer_feed', facilityId: log.facilityId }, async (tx) => {
    const { rows, isLast } =
      'ids' in of ? await rowsById(tx, { log, table, ...of }) : await rowsAfter(tx, { log, table, ...of })
    // After the rows: what is still there now was there when they were read.
    const place = await readPlace(tx, log)
    const position = 'ids' in of ? of.position : place.position
    if (!fitsHandle(handle, log, place.epoch) || position < place.compactedTo || position > place.position) {
      throw new DomainError('position_gone', 'The log does not have these rows at this position.')
    }
    return { rows: [...rows], next: isLast ? null : (rows.at(-1)?.row_id ?? null) }
  })

interface ById {
  readonly ids: readonly string[]
  readonly position: number
}

interface LogRow {
  readonly row_id: string
  readonly row: Record<string, unknown> | null
}

interface Found {
  readonly rows: readonly LogRow[]
  readonly isLast: boolean
}

interface OfTable {
  readonly log: LogName
  readonly table: string
}

const rowsAfter = async (
  tx: Tx,
  { log: { facilityId, audience }, table, after }: OfTable & { readonly after: string | null },
): Promise<Found> => {
  const { rows } = await sql<LogRow & { readonly found: number }>`
    select row_id, "row", found from (
      select page.*, count(*) over () as found from (${withFits(
        sql`
          select distinct on (row_id) row_id, "row" from sync_log
          where facility_id = ${facilityId} and audience = ${audience} and table_name = ${table}
            and row_id > ${after ?? lowestId}
          order by row_id, position desc
          limit ${rowsInPage}`,
        'row_id',
      )}) as page
    ) as counted
    where fits
    order by row_id`.execute(tx)
  const found = rows[0]?.found ?? 0
  return { rows: rows.map(({ row_id, row }) => ({ row_id, row })), isLast: found < rowsInPage && rows.length === found }
}

const lowestId = '00000000-0000-0000-0000-000000000000'

const rowsById = async (
  tx: Tx,
  { log: { facilityId, audience }, table, ids, position }: OfTable & ById,
): Promise<Found> => {
  const { rows } = await sql<LogRow>`
    select wanted.id as row_id, newest."row" from unnest(${ids}::uuid[]) as wanted (id)
    left join lateral (
      select "row" from sync_log
      where facility_id = ${facilityId} and audience = ${audience} and table_name = ${table} and row_id = wanted.id
        and position <= ${position}
      order by position desc
      limit 1
    ) as newest on true`.execute(tx)
  return { rows, isLast: true }
}
