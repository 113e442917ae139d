import { sql } from 'kysely'
import { readInRole } from '../db/postgres.ts'
import type { Db, ReadTx } from '../db/tx.ts'
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

/** A piece of the log. */
export interface Chunk {
  /** JSON messages in order, `{…},{…}`, without the brackets around them; none when nothing of it was the newest. */
  readonly messages: string
  /** Everything up to this position is in it. */
  readonly reached: number
}

/** How much goes into one answer, whichever is reached first. */
export interface ChunkLimit {
  /** Entries that are looked at. */
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
  // The log is compacted meanwhile: what was a removal to a client when the head was read must not be gone from the rest.
  readInRole(db, { role: 'foyer_feed', facilityId: log.facilityId, isOneSnapshot: true }, async (tx) => {
    const head = await readHead(tx, log)
    const after = next(head)
    return {
      head,
      chunk: after && after.position < head.position ? await readChunk(tx, { log, head, after, limit }) : undefined,
    }
  })

export const readHead = async (tx: ReadTx, { facilityId, audience }: LogName): Promise<Head> => {
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
 * The messages are put together by PostgreSQL, where the row images are, and go out as they come. They carry what
 * clients need and no more: keys and headers as long as Electric's would double them, and the work of both sides.
 *
 * One request looks at so many entries, whatever they are, and ends before the message that goes over the limit of bytes
 * (but is never without one). That an image is the newest is asked by one step into an index for each entry, in a form
 * that no planner turns into a join over the whole log: as NOT EXISTS it was quadratic while the table had no statistics.
 * OFFSET 0 keeps it from putting each message together once more wherever it is named, which took half of the time.
 */
const readChunk = async (tx: ReadTx, { log, head, after, limit }: ChunkRequest): Promise<Chunk> => {
  const { facilityId, audience } = log
  const { rows } = await sql<{ messages: string | null; cut_at: number | null; looked_to: number | null }>`
    with looked_at as not materialized (
      select * from sync_log
      where facility_id = ${facilityId} and audience = ${audience}
        and position > ${after.position} and position <= ${head.position}
      order by position
      limit ${limit.rows}
    ),
    made as (
      select position,
        '{"key":"' || position || '","value":{"position":"' || position || '","table_name":"' || table_name
          || '","row_id":"' || row_id || '","row":' || coalesce(to_json("row"::text)::text, 'null')
          || '},"headers":{"operation":"insert"}}' as message
      from looked_at as entry
      where ("row" is not null or position > ${after.since})
        and position = (
          select max(newer.position) from sync_log as newer
          where newer.facility_id = entry.facility_id and newer.audience = entry.audience
            and newer.table_name = entry.table_name and newer.row_id = entry.row_id
            and newer.position <= ${head.position}
        )
      offset 0
    ),
    measured as (
      select position, message,
        coalesce(sum(octet_length(message)) over before_it, 0) < ${limit.bytes} as fits
      from made
      window before_it as (order by position rows between unbounded preceding and 1 preceding)
    )
    select string_agg(message, ',' order by position) filter (where fits) as messages,
      min(position) filter (where not fits) as cut_at,
      (select max(position) from looked_at) as looked_to
    from measured`.execute(tx)
  const [row] = rows
  const reached = row?.cut_at ? row.cut_at - 1 : (row?.looked_to ?? head.position)
  return { messages: row?.messages ?? '', reached }
}
