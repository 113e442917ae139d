import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { inRole } from '../db/postgres.ts'
import type { Db, Tx } from '../db/tx.ts'
import type { LogName } from '../shapes/handle.ts'

export interface CompactOptions {
  readonly db: Db
  /** How long an image stays after a newer one of its row was published. */
  readonly supersededAfterSeconds?: number
  /** How long a removal stays: a device that was away longer starts afresh. */
  readonly removalsAfterSeconds?: number
  /** Entries that one transaction looks at. */
  readonly pieceSize?: number
  /** A rest after each piece, so that the work of the desks goes first. */
  readonly restMs?: number
  /** Brings what is counted from a log up to a position of it, before images are taken out that are needed to go on. */
  readonly fold?: (log: LogName, position: number) => Promise<void>
  readonly signal?: AbortSignal
}

export interface Compacted {
  /** Entries that had a newer one for the same row. */
  readonly superseded: number
  /** Removals, with whatever was left of the rows that they removed. */
  readonly removals: number
  /** Another server is at it, so this one has stopped. */
  readonly isElsewhere: boolean
}

const day = 24 * 60 * 60
const patientStatement = '30s'

/** Any number that nothing else takes as an advisory lock in this database. */
const lockKey = 7_205_759_406

/** Another server compacts. */
class Elsewhere extends Error {}

/**
 * Takes entries out of the facility log that no client needs (DESIGN.md §6.1), piece by piece, each piece in a transaction
 * of its own that one server at a time can have. Safe beside readers: what it takes was superseded for longer than any
 * read lasts, and `pruned_to` moves in the transaction that takes removals out, so whoever would miss one starts afresh.
 */
export const compactLog = async (options: CompactOptions): Promise<Compacted> => {
  let [superseded, removals] = [0, 0]
  const compact = async (log: Stretch): Promise<void> => {
    await options.fold?.(log, log.end)
    await inPieces(options, async (tx) => {
      const piece = await takeSuperseded(tx, log, options)
      superseded += piece.taken
      return piece.isLast
    })
    await inPieces(options, async (tx) => {
      const piece = await takeRemovals(tx, log, options)
      removals += piece.taken
      return piece.isLast
    })
  }
  const failures: unknown[] = []
  for (const log of await allLogs(options.db)) {
    try {
      await compact(log)
    } catch (error) {
      if (error instanceof Elsewhere) return { superseded, removals, isElsewhere: true }
      options.signal?.throwIfAborted()
      // A log that is locked for long must not hold up those that come after it, each time.
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
  return { superseded, removals, isElsewhere: false }
}

/** A log up to where it went when the work began: what comes later is for the next time. */
interface Stretch extends LogName {
  readonly end: number
}

const allLogs = async (db: Db): Promise<readonly Stretch[]> =>
  inRole(db, { role: 'foyer_compact' }, async (tx) => {
    const heads = await tx.selectFrom('facility_heads').selectAll().orderBy('facility_id').execute()
    return heads.map(({ facility_id, audience, position }) => ({ facilityId: facility_id, audience, end: position }))
  })

const inPieces = async (
  { db, restMs = 20, signal }: CompactOptions,
  piece: (tx: Tx) => Promise<boolean>,
): Promise<void> => {
  for (;;) {
    signal?.throwIfAborted()
    const isLast = await inRole(db, { role: 'foyer_compact' }, async (tx) => {
      await takeTurn(tx)
      return piece(tx)
    })
    if (isLast) return
    await delay(restMs, undefined, { signal })
  }
}

/**
 * The lock is over with the transaction, also when the server dies. Nothing is lost when a crash undoes a piece, so its
 * commit need not wait for the disk: that is when the head is locked. Each row is looked up by index, whatever the
 * statistics say of a log that grows and shrinks.
 */
const takeTurn = async (tx: Tx): Promise<void> => {
  const { rows } = await sql<{ is_ours: boolean }>`
    select pg_try_advisory_xact_lock(${lockKey}) as is_ours,
      set_config('synchronous_commit', 'off', true), set_config('statement_timeout', ${patientStatement}, true),
      set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`.execute(tx)
  if (!rows[0]?.is_ours) throw new Elsewhere()
}

interface Piece {
  readonly taken: number
  readonly isLast: boolean
}

/**
 * Looks at the next entries that are old enough, and takes out what was published before for the same rows. Every image
 * that is superseded has a next one, so nothing is missed, and the work is that of the new entries, not of the log.
 */
const takeSuperseded = async (
  tx: Tx,
  { facilityId, audience, end }: Stretch,
  options: CompactOptions,
): Promise<Piece> => {
  const { supersededAfterSeconds = day, pieceSize = 2000 } = options
  const { rows } = await sql<{ looked_at: number; taken: number }>`
    with ahead as (
      select position, table_name, row_id, at
      from sync_log
      where facility_id = ${facilityId} and audience = ${audience} and position <= ${end}
        and position > coalesce((
          select superseded_to from log_compaction where facility_id = ${facilityId} and audience = ${audience}
        ), 0)
      order by position
      limit ${pieceSize}
    ),
    -- As old as what came after it, whatever a clock that was ahead has said. Backwards, because a frame whose begin moves is
    -- gone through anew for each entry.
    next as (
      select *, min(at) over (order by position desc rows between unbounded preceding and current row)
        < clock_timestamp() - make_interval(secs => ${supersededAfterSeconds}) as is_old
      from ahead
    ),
    -- So it is those before the first one that is too young.
    old as (
      select * from next where is_old
    ),
    -- One look for each row: some change a thousand times in a piece.
    last as (
      select table_name, row_id, max(position) as position from old group by table_name, row_id
    ),
    gone as (
      delete from sync_log as entry using last
      where entry.facility_id = ${facilityId} and entry.audience = ${audience}
        and entry.table_name = last.table_name and entry.row_id = last.row_id and entry.position < last.position
      returning 1
    ),
    kept as (
      insert into log_compaction (facility_id, audience, superseded_to)
      select ${facilityId}::uuid, ${audience}, max(position) from old having max(position) is not null
      on conflict (facility_id, audience) do update set superseded_to = excluded.superseded_to
    )
    select (select count(*) from old) as looked_at, (select count(*) from gone) as taken`.execute(tx)
  const { looked_at = 0, taken = 0 } = rows[0] ?? {}
  return { taken, isLast: looked_at < pieceSize }
}

/**
 * Takes out removals that are old enough, together with all that is left of their rows: an older image would show the row
 * again. A row that was added again since keeps its removal until that is superseded for long enough. The head is locked
 * by the last statement, and until the commit that follows.
 */
const takeRemovals = async (
  tx: Tx,
  { facilityId, audience, end }: Stretch,
  options: CompactOptions,
): Promise<Piece> => {
  const { removalsAfterSeconds = 60 * day, pieceSize = 2000 } = options
  const { rows } = await sql<{ removals: number; reached: number | null; taken: number }>`
    with old as (
      select position, table_name, row_id from sync.removals as removal
      where facility_id = ${facilityId} and audience = ${audience} and position <= ${end}
        and at < clock_timestamp() - make_interval(secs => ${removalsAfterSeconds})
        and not exists (
          select from sync_log as newer
          where newer.facility_id = removal.facility_id and newer.audience = removal.audience
            and newer.table_name = removal.table_name and newer.row_id = removal.row_id
            and newer.position > removal.position
        )
      order by position
      limit ${pieceSize}
    ),
    gone as (
      delete from sync_log as entry using old
      where entry.facility_id = ${facilityId} and entry.audience = ${audience}
        and entry.table_name = old.table_name and entry.row_id = old.row_id and entry.position <= old.position
      returning 1
    )
    select (select count(*) from old) as removals, (select max(position) from old) as reached,
      (select count(*) from gone) as taken`.execute(tx)
  const { removals = 0, reached = null, taken = 0 } = rows[0] ?? {}
  if (reached !== null) {
    await sql`
      update facility_heads set pruned_to = greatest(pruned_to, ${reached})
      where facility_id = ${facilityId} and audience = ${audience}`.execute(tx)
  }
  return { taken, isLast: removals < pieceSize }
}
