import { sql } from 'kysely'
import { inRole } from '../db/postgres.ts'
import type { Db, Tx } from '../db/tx.ts'
import type { LogName } from './handle.ts'
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

/** A piece of the log as JSON messages, in order. */
export interface Chunk {
  /** `{…},{…}`, without the brackets around them. */
  readonly messages: string
  readonly count: number
  /** Position of the last message. */
  readonly lastPosition: number
}

/** How much goes into one answer, whichever is reached first. */
export interface ChunkLimit {
  readonly rows: number
  readonly bytes: number
}

export interface LogRead {
  readonly head: Head
  readonly chunk: Chunk | undefined
}

/**
 * Reads the head, and, if `after` says so, what follows. Only the newest image of each row in (after, head] is read:
 * who has everything up to `after` and applies it, has everything up to the head. While a client loads from the start
 * (`since` > 0), rows that were deleted before it began are skipped: it never saw them.
 */
export const readLog = async (
  db: Db,
  log: LogName,
  next: (head: Head) => Offset | undefined,
  limit: ChunkLimit,
): Promise<LogRead> =>
  inRole(db, { role: 'foyer_feed', facilityId: log.facilityId }, async (tx) => {
    const head = await readHead(tx, log)
    const after = next(head)
    return {
      head,
      chunk: after && after.position < head.position ? await readChunk(tx, { log, head, after, limit }) : undefined,
    }
  })

const readHead = async (tx: Tx, { facilityId, audience }: LogName): Promise<Head> => {
  // `now()` is when this transaction began, which is before the snapshot of this statement.
  const { rows } = await sql<{ position: number; pruned_to: number; epoch: string; at: string }>`
    select coalesce(head.position, 0) as position, coalesce(head.pruned_to, 0) as pruned_to, epoch.epoch,
      to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
    from server_epoch as epoch
    left join facility_heads as head on head.facility_id = ${facilityId} and head.audience = ${audience}`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('The table server_epoch is empty.')
  return { position: row.position, prunedTo: row.pruned_to, epoch: row.epoch, at: row.at }
}

interface ChunkRequest {
  readonly log: LogName
  readonly head: Head
  readonly after: Offset
  readonly limit: ChunkLimit
}

/**
 * The messages are put together by PostgreSQL, where the row images are, and go out as they come. Reading stops at the
 * row that goes over the limit of bytes, so that one answer is never much larger, and never empty.
 */
const readChunk = async (tx: Tx, { log, head, after, limit }: ChunkRequest): Promise<Chunk | undefined> => {
  const { facilityId, audience } = log
  const prefix = `{"key":"\\"public\\".\\"sync_log\\"/\\"${facilityId}\\"/\\"${audience}\\"/\\"`
  const { rows } = await sql<{ messages: string | null; count: number; last_position: number | null }>`
    select string_agg(message, ',' order by position) as messages, count(*)::int4 as count,
      max(position) as last_position
    from (
      select position, message,
        sum(octet_length(message)) over (order by position) - octet_length(message) as bytes_before
      from (
        select position,
          ${prefix}::text || position || '\\"","value":{"position":"' || position || '","table_name":"' || table_name
            || '","row_id":"' || row_id || '","row":' || coalesce(to_json("row"::text)::text, 'null')
            || ',"at":"' || (at at time zone 'UTC') || '+00"},"headers":{"operation":"insert","relation":["public","sync_log"],"lsn":"'
            || position || '","op_position":0}}' as message
        from sync_log as entry
        where facility_id = ${facilityId} and audience = ${audience}
          and position > ${after.position} and position <= ${head.position}
          and ("row" is not null or position > ${after.since})
          and not exists (
            select from sync_log as newer
            where newer.facility_id = entry.facility_id and newer.audience = entry.audience
              and newer.table_name = entry.table_name and newer.row_id = entry.row_id
              and newer.position > entry.position and newer.position <= ${head.position}
          )
        order by position
        limit ${limit.rows}
      ) as made
    ) as measured
    where bytes_before < ${limit.bytes}`.execute(tx)
  const [row] = rows
  if (!row?.messages || row.last_position === null) return undefined
  return { messages: row.messages, count: row.count, lastPosition: row.last_position }
}
