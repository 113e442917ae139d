import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { pino } from 'pino'
import { syncedTables, type SyncedTableName } from '../../src-shared/schema/tables.ts'
import { inRole, type Session } from '../../sync-server/db/postgres.ts'
import { asShared } from '../../sync-server/db/tx.ts'
import { rowLock } from '../../sync-server/mutations/carry-out.ts'
import { toRefusal } from '../../sync-server/mutations/refusal.ts'
import { academy } from './academy.ts'
import type { Backend, Everything } from './command-backend.ts'
import type { Rows } from './counter-rows.ts'
import { createFoyerDatabase } from './foyer-database.ts'

export interface PostgresBackend extends Backend {
  /** Resolves when a transaction waits for the lock of another one, or nobody wants to know any more. */
  readonly someoneWaits: (signal: AbortSignal) => Promise<void>
}

const session: Session = {
  role: 'foyer_app',
  facilityId: academy.facility_id,
  organizationId: academy.organization_id,
}

/** A database as the server sees it: under row-level security, in the role that runs commands. */
export const openPostgresBackend = async (): Promise<PostgresBackend> => {
  const { admin, server, drop } = await createFoyerDatabase()
  const log = pino({ level: 'silent' })
  return {
    async clear() {
      await removeEveryRow.execute(admin)
    },
    insert: (rows) =>
      admin.transaction().execute(async (tx) => {
        for (const table of Object.keys(syncedTables)) {
          const own: readonly object[] = rows[table as keyof Rows] ?? []
          if (own.length === 0) continue
          await sql`
            insert into ${sql.table(table)}
            select * from jsonb_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(own)})`.execute(tx)
        }
      }),
    transact: async (work) => {
      try {
        return await inRole(server, session, async (tx) => {
          // A machine that stalls for seconds is no reason to fail a test.
          await sql`set local lock_timeout = 0`.execute(tx)
          return work(asShared(tx), rowLock(tx))
        })
      } catch (error) {
        throw toRefusal(error, log) ?? error
      }
    },
    read: <T extends SyncedTableName>(tables: readonly T[]) =>
      inRole(server, session, async (tx) => {
        const read: [string, unknown][] = []
        for (const table of tables) {
          const { rows } = await sql`select * from ${sql.table(table)} order by id`.execute(tx)
          read.push([table, rows])
        }
        // The border: the pool gives rows in the form of the definitions.
        return Object.fromEntries(read) as Pick<Everything, T>
      }),
    async someoneWaits(signal) {
      while (!signal.aborted) {
        const { rows } = await sql`
          select from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(admin)
        if (rows.length > 0) return
        await delay(5)
      }
    },
    close: drop,
  }
}

/** Past triggers and foreign keys, which take most of the time. The log starts anew too. */
const removeEveryRow = sql`
  do $$
  declare
    emptied text;
  begin
    perform set_config('session_replication_role', 'replica', true);
    for emptied in
      select tablename from pg_tables
      where schemaname = 'public' and tablename not in ('schema_migrations', 'sync_tables', 'server_epoch')
    loop
      execute format('delete from %I', emptied);
    end loop;
  end
  $$`
