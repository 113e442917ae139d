import { sql } from 'kysely'
import { readInRole, type Session } from '../db/postgres.ts'
import type { Db, ReadTx } from '../db/tx.ts'
import type { LogName } from './handle.ts'
import { withFits } from './log-window.ts'
import type { Offset } from './offset.ts'

/** How far a log goes, read in one snapshot: every transaction that was over at `at` is in it. */
export interface Head {
  readonly position: number
  /** The last position whose tombstone is gone: who is not past it must load from the start. */
  readonly prunedTo: number
  readonly epoch: string
  /** The server's clock before the snapshot was taken, UTC. */
  readonly at: string
}

/** A piece of the log. */
interface Chunk {
  /** JSON messages in order, `{…},{…}`, without the brackets around them; none when nothing of it was the newest. */
  readonly messages: string
  /** Everything up to this position is in it. */
  readonly reached: number
}

/** How much goes into one answer, whichever is reached first. */
export interface ChunkLimit {
  /** Entries that are looked at, where none are large. */
  readonly rows: number
  readonly bytes: number
}

export interface LogRequest {
  readonly log: LogName
  /** `since` is the head where a load from the start begins. */
  readonly after: Offset | { readonly position: 0; readonly since: 'head' }
  readonly limit: ChunkLimit
}

export interface LogRead {
  readonly head: Head
  readonly chunk: Chunk | undefined
}

/**
 * Reads the head and what follows `after` in one statement, and so in one snapshot: between the head and what follows,
 * nothing can be compacted. Only the newest image of each row is read: who has everything up to `after` and applies it,
 * has everything up to the head. While a client loads from the start, rows that were deleted before it began are skipped:
 * it never saw them.
 */
export const readLog = async (db: Db, request: LogRequest): Promise<LogRead> =>
  readInRole(db, logSession(request.log), async (tx) => {
    const { rows } = await logStatement(request).execute(tx)
    const [row] = rows
    if (!row) throw new Error('The table server_epoch is empty.')
    const head = headOf(row)
    if (request.after.position >= head.position) return { head, chunk: undefined }
    const reached = row.cut_at === null ? (row.looked_to ?? head.position) : row.cut_at - 1
    return { head, chunk: { messages: row.messages ?? '', reached } }
  })

/** What the statement runs with. */
export const logSession = ({ facilityId }: LogName) =>
  ({ role: 'foyer_feed', facilityId, isByIndex: true }) satisfies Session

export const readHead = async (tx: ReadTx, log: LogName): Promise<Head> => {
  const { rows } = await headStatement(log).execute(tx)
  const [row] = rows
  if (!row) throw new Error('The table server_epoch is empty.')
  return headOf(row)
}

interface HeadRow {
  readonly position: number
  readonly pruned_to: number
  readonly epoch: string
  readonly at: string
}

const headOf = ({ position, pruned_to, epoch, at }: HeadRow): Head => ({ position, prunedTo: pruned_to, epoch, at })

// `now()` is when this transaction began, which is before the snapshot of this statement.
const headStatement = ({ facilityId, audience }: LogName) => sql<HeadRow>`
  select coalesce(head.position, 0) as position, coalesce(head.pruned_to, 0) as pruned_to, epoch.epoch,
    to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
  from server_epoch as epoch
  left join facility_heads as head on head.facility_id = ${facilityId} and head.audience = ${audience}`

interface ChunkRow {
  readonly messages: string | null
  readonly cut_at: number | null
  /** Null when there is nothing. */
  readonly looked_to: number | null
}

/**
 * The messages are put together by PostgreSQL, where the row images are, and go out as they come. They carry what
 * clients need and no more: keys and headers as long as Electric's would double them, and the work of both sides.
 *
 * One request looks at so many entries, fewer where they are large, and ends before the message that goes over the limit
 * of bytes (but is never without one). That an image is the newest is asked by one step into the index of rows for each entry: the
 * last one up to the end of its row, in the order of that index. As a maximum, or as NOT EXISTS, it could also be found by
 * walking through the log backwards, or by a join over all of it, and PostgreSQL did so while the table had no statistics,
 * as after a bulk insert. OFFSET 0 keeps it from putting each message together once more wherever it is named.
 */
export const logStatement = ({ log, after, limit }: LogRequest) => sql<HeadRow & ChunkRow>`
  with head as (${headStatement(log)}),
  reach as (
    select max(position) as position from (${withFits(
      sql`
        select position, "row" from sync_log
        where facility_id = ${log.facilityId} and audience = ${log.audience} and position > ${after.position}
        order by position
        limit ${limit.rows}`,
      'position',
    )}) as ahead where fits
  ),
  looked_at as not materialized (
    select * from sync_log
    where facility_id = ${log.facilityId} and audience = ${log.audience} and position > ${after.position}
      and position <= (select reach.position from reach)
    order by position
  ),
  made as (
    select position,
      '{"key":"' || position || '","value":{"position":"' || position || '","table_name":"' || table_name
        || '","row_id":"' || row_id || '","row":' || coalesce(to_json("row"::text)::text, 'null')
        || '},"headers":{"operation":"insert"}}' as message
    from looked_at as entry
    where ("row" is not null or position > ${after.since === 'head' ? sql`(select head.position from head)` : after.since})
      and position = (
        select newest.position from sync_log as newest
        where newest.facility_id = entry.facility_id and newest.audience = entry.audience
          and (newest.table_name, newest.row_id, newest.position)
            <= (entry.table_name, entry.row_id, 9223372036854775807)
        order by newest.table_name desc, newest.row_id desc, newest.position desc
        limit 1
      )
    offset 0
  ),
  measured as (
    select position, message,
      coalesce(sum(octet_length(message)) over before_it, 0) < ${limit.bytes} as fits
    from made
    window before_it as (order by position rows between unbounded preceding and 1 preceding)
  ),
  chunk as (
    select string_agg(message, ',' order by position) filter (where fits) as messages,
      min(position) filter (where not fits) as cut_at,
      (select reach.position from reach) as looked_to
    from measured
  )
  select head.*, chunk.* from head, chunk`
