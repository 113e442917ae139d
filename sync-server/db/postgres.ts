import { setTimeout as delay } from 'node:timers/promises'
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import { type CustomTypesConfig, Pool, types } from 'pg'
import type { Audience } from '../../src-shared/schema/table.ts'
import type { ServerDatabase } from '../../src-shared/schema/tables.ts'
import { commitsAlong } from './commits-along.ts'
import { isConflict } from './errors.ts'
import { pipelinedPool, withNext } from './pipelined-pool.ts'

/** The facility log and what belongs to it (migrations/postgres/0003-facility-log.sql). */
interface LogTables {
  readonly facility_heads: {
    readonly facility_id: string
    readonly audience: Audience
    readonly position: number
    /** The last position whose removal was dropped from the log. */
    readonly pruned_to: number
  }
  readonly sync_log: {
    readonly facility_id: string
    readonly audience: Audience
    /** From 1, without gaps; n+1 always committed after n. */
    readonly position: number
    readonly table_name: string
    readonly row_id: string
    /** As PostgreSQL's `to_jsonb` writes it; null when the row is gone. */
    readonly row: Readonly<Record<string, unknown>> | null
    readonly at: string
  }
  readonly server_epoch: {
    readonly id: boolean
    readonly epoch: string
    readonly since: string
    readonly reason: string
  }
  /** Up to which position of a log the older images of its rows were taken out (0006-compaction.sql). */
  readonly log_compaction: {
    readonly facility_id: string
    readonly audience: Audience
    readonly superseded_to: number
  }
}

/** Kysely's view of everything in PostgreSQL. */
export type PostgresDatabase = ServerDatabase & LogTables

export interface PostgresOptions {
  readonly url: string
  /** The most connections at once. */
  readonly maxConnections?: number
  /** Milliseconds after which a connection that does not answer counts as dead. Statements end by themselves before. */
  readonly answerTimeout?: number
  /** Milliseconds that a statement may take, and wait for a lock, in place of what SECURITY §4 says. */
  readonly patience?: number
  /** An idle connection broke, such as by a restart of PostgreSQL: the pool goes on with new ones. */
  readonly onError?: (error: Error) => void
}

export interface Postgres {
  readonly db: Kysely<PostgresDatabase>
  /** Waits for what runs, and ends the connections. */
  readonly close: () => Promise<void>
}

/** In milliseconds (SECURITY §4). */
const statementTimeout = 5_000
export const lockTimeout = 2_000
const idleInTransactionTimeout = 10_000
const connectTimeout = 5_000
/** Longer than any statement may take, also those of compaction. */
const longestAnswer = 40_000
const keepAliveDelay = 10_000

/** Opens a pool. Nothing connects before the first query. Rows have the forms of the definitions. */
export const openPostgres = ({
  url,
  maxConnections = 10,
  answerTimeout = longestAnswer,
  patience,
  onError = () => undefined,
}: PostgresOptions): Postgres => {
  const pool = new Pool({
    connectionString: url,
    max: maxConnections,
    application_name: 'foyer',
    connectionTimeoutMillis: connectTimeout,
    // Of a machine that vanished nobody is told.
    query_timeout: answerTimeout,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelay,
    statement_timeout: patience ?? statementTimeout,
    lock_timeout: patience ?? lockTimeout,
    idle_in_transaction_session_timeout: idleInTransactionTimeout,
    types: { getTypeParser },
    pipeline: true,
  })
  // Without listeners, a connection that breaks would end the process: while idle in the pool, or between two queries of
  // a transaction and while it is being closed. Whoever uses it then learns of it from the next query.
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const db = new Kysely<PostgresDatabase>({ dialect: new PostgresDialect({ pool: pipelinedPool(pool) }) })
  return { db, close: () => db.destroy() }
}

/** The duty that a transaction takes, and the tenant that row-level security holds it to. */
export interface Session {
  readonly role: 'foyer_app' | 'foyer_feed' | 'foyer_auth' | 'foyer_compact'
  readonly facilityId?: string | null
  readonly organizationId?: string | null
  /** Every statement of the transaction sees the database as it was at the first one. For reading only. */
  readonly isOneSnapshot?: boolean
  /** Only an index that has the wanted order is used, where there is one, whatever statistics say; plans are kept. */
  readonly isByIndex?: boolean
}

/** How often a transaction is tried that is in the way of another one. */
const maxTries = 4

/**
 * Runs `work` in one transaction with this duty. After a deadlock or a serialization failure it runs again, so it must
 * have no effect but on the database. Anything else that it throws rolls back and is thrown.
 */
export const inRole = async <T>(
  db: Kysely<PostgresDatabase>,
  session: Session,
  work: (tx: Transaction<PostgresDatabase>) => Promise<T>,
): Promise<T> =>
  again(() => {
    const transaction = db.transaction()
    return (session.isOneSnapshot ? transaction.setIsolationLevel('repeatable read') : transaction).execute(
      async (tx) => {
        await enter(session).execute(tx)
        return work(tx)
      },
    )
  })

/** Until it is in nobody's way any more. */
const again = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (tries === maxTries || !isConflict(error)) throw error
      await delay(Math.random() * 20 * tries)
    }
  }
}

/**
 * The same for one statement that only reads: BEGIN, the duty, the statement and COMMIT are one packet and one round trip.
 */
export const readInRole = async <T>(
  db: Kysely<PostgresDatabase>,
  session: Omit<Session, 'isOneSnapshot'>,
  read: (tx: Kysely<PostgresDatabase>) => Promise<T>,
): Promise<T> =>
  again(() =>
    db.connection().execute(async (connection) => {
      await sql`begin read only${sql.raw(withNext)}`.execute(connection)
      await enter(session).execute(connection)
      try {
        return await read(connection.withPlugin(commitsAlong))
      } catch (error) {
        // What failed before it was sent. On a broken connection it fails too, and the pool drops that.
        await sql`rollback`.execute(connection).catch(() => undefined)
        throw error
      }
    }),
  )

// All are local to the transaction: the next one on this connection starts without them. The zone is that of the instants as
// they are read; as an option of the connection one in DATABASE_URL would replace it, and a pooler may drop it.
const enter = ({ role, facilityId, organizationId, isByIndex }: Session) => sql`
  select set_config('role', ${role}, true),
    set_config('TimeZone', 'UTC', true),
    set_config('app.facility', ${facilityId ?? ''}, true),
    set_config('app.organization', ${organizationId ?? ''}, true)${sql.raw(isByIndex ? byIndex : '')}${sql.raw(withNext)}`

// Which leaves nothing to choose, so the plan is made once and kept: making it takes longer than running it.
const byIndex = Object.entries({
  enable_sort: 'off',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  plan_cache_mode: 'force_generic_plan',
})
  .map(([name, value]) => `, set_config('${name}', '${value}', true)`)
  .join('')

const safeInteger = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is more than a number holds exactly`)
  return value
}

// The session's zone is UTC: `2026-11-21 09:00:00.123+00`, with as many decimals as are not zero.
const toInstant = (text: string): string => new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`).toISOString()

const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [types.builtins.INT8, safeInteger],
  [types.builtins.DATE, (text) => text],
  [types.builtins.TIME, (text) => text.slice(0, 5)],
  [types.builtins.TIMESTAMPTZ, toInstant],
])

/** Rows in the forms of the definitions. */
export const getTypeParser: CustomTypesConfig['getTypeParser'] = (oid, format): unknown =>
  (format === 'binary' ? undefined : parsers.get(oid)) ?? types.getTypeParser(oid, format)
