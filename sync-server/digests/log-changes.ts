import { sql } from 'kysely'
import { inRole } from '../db/postgres.ts'
import type { Db, Tx } from '../db/tx.ts'
import type { LogName } from '../shapes/handle.ts'
import { withFits } from '../shapes/log-window.ts'

/** A row as PostgreSQL's `to_jsonb` writes it; null when there is none. */
type Image = Readonly<Record<string, unknown>> | null

/** What became of a row that has entries in a stretch of the log. */
export interface Change {
  readonly table_name: string
  /** Its newest image before the stretch, and at its end. */
  readonly before: Image
  readonly after: Image
}

export interface Stretch {
  readonly tables: readonly string[]
  /** Entries after this one, and up to `to`. */
  readonly from: number
  readonly to: number
}

export interface Changes {
  readonly changes: readonly Change[]
  /** The stretch was looked at up to here. */
  readonly reached: number
  /** The log was compacted up to here when it was read: images that an entry up to here supersedes are gone. */
  readonly compactedTo: number
}

/** Entries that are looked at in one statement, fewer where they are large: some tens of milliseconds. */
const entriesAtOnce = 2000

/** Reads what a stretch of the log changed, or its beginning where it is long, in one statement and so of one moment. */
export const readChanges = async (db: Db, log: LogName, stretch: Stretch): Promise<Changes> =>
  inRole(db, { role: 'foyer_feed', facilityId: log.facilityId }, async (tx) => {
    const { rows } = await changesQuery(log, stretch).execute(tx)
    const [first] = rows
    if (!first) throw new Error('A log without a head was read')
    return {
      changes: rows.flatMap(({ table_name, before, after }) =>
        table_name === null ? [] : [{ table_name, before, after }],
      ),
      reached: first.reached,
      compactedTo: first.compacted_to,
    }
  })

interface ChangeRow {
  readonly table_name: string | null
  readonly before: Image
  readonly after: Image
  readonly reached: number
  readonly compacted_to: number
}

/** Superseded images are gone up to one place, removals and what they removed up to another. */
const compactedTo = ({ facilityId, audience }: LogName) => sql`
  select coalesce(max(place), 0) from (
    select superseded_to as place from log_compaction where facility_id = ${facilityId} and audience = ${audience}
    union all
    select pruned_to from facility_heads where facility_id = ${facilityId} and audience = ${audience}
  ) as places`

const changesQuery = (log: LogName, { tables, from, to }: Stretch) => {
  const { facilityId, audience } = log
  return sql<ChangeRow>`
  with looked_at as materialized (
    select position, table_name, row_id, fits from (${withFits(
      sql`
        select position, table_name, row_id, "row" from sync_log
        where facility_id = ${facilityId} and audience = ${audience} and position > ${from} and position <= ${to}
          and table_name = any (${tables})
        order by position
        limit ${entriesAtOnce}`,
      'position',
    )}) as entry
  ),
  place as (
    select case when count(*) filter (where fits) < ${entriesAtOnce} and every(fits) is not false then ${to}::int8
        else max(position) filter (where fits) end as reached,
      (${compactedTo(log)}) as compacted_to
    from looked_at
  ),
  changed as (
    select table_name, row_id, max(position) as position from looked_at where fits group by table_name, row_id
  )
  select changed.table_name, older."row" as before, newest."row" as after, place.reached, place.compacted_to
  from place
  left join changed on true
  left join sync_log as newest
    on newest.facility_id = ${facilityId} and newest.audience = ${audience} and newest.position = changed.position
  left join lateral (
    select "row" from sync_log as entry
    where entry.facility_id = ${facilityId} and entry.audience = ${audience}
      and entry.table_name = changed.table_name and entry.row_id = changed.row_id and entry.position <= ${from}
    order by entry.position desc
    limit 1
  ) as older on true`
}

/** Where a log stands. */
export interface Place {
  readonly position: number
  readonly compactedTo: number
  readonly epoch: string
}

export const readPlace = async (tx: Tx, log: LogName): Promise<Place> => {
  const { rows } = await sql<{ position: number; compacted_to: number; epoch: string }>`
    select coalesce(head.position, 0) as position, (${compactedTo(log)}) as compacted_to, epoch.epoch
    from server_epoch as epoch
    left join facility_heads as head on head.facility_id = ${log.facilityId} and head.audience = ${log.audience}`.execute(
    tx,
  )
  const [row] = rows
  if (!row) throw new Error('The table server_epoch is empty.')
  return { position: row.position, compactedTo: row.compacted_to, epoch: row.epoch }
}
