import { sql } from 'kysely'
import type { TableDigest } from '../../src-shared/replica/digest.ts'
import { inRole } from '../db/postgres.ts'
import type { Db } from '../db/tx.ts'
import type { LogName } from '../shapes/handle.ts'

/** The digest of one table at a position of the log. */
export interface StoredDigest extends TableDigest {
  readonly table: string
  readonly form: string
  readonly position: number
  /** The log was compacted up to here when it was counted. */
  readonly base: number
}

export const readStored = async (db: Db, log: LogName): Promise<readonly StoredDigest[]> =>
  inRole(db, { role: 'foyer_feed', facilityId: log.facilityId }, async (tx) => {
    const { rows } = await sql<StoredDigest>`
      select table_name as "table", form, position, base, rows, digest from facility_digests
      where facility_id = ${log.facilityId} and audience = ${log.audience}`.execute(tx)
    return rows
  })

/** Each is whole by itself, so of two that are saved at once the later position stays. */
export const saveStored = async (db: Db, log: LogName, digests: readonly StoredDigest[]): Promise<void> =>
  inRole(db, { role: 'foyer_feed', facilityId: log.facilityId }, async (tx) => {
    await sql`
      insert into facility_digests (facility_id, audience, table_name, form, position, base, rows, digest)
      select ${log.facilityId}::uuid, ${log.audience}, d.*
      from jsonb_to_recordset(${JSON.stringify(digests)}::jsonb)
        as d ("table" text, form text, position int8, base int8, rows int4, digest text)
      order by 3, 4
      on conflict (facility_id, audience, table_name, form) do update
        set position = excluded.position, base = excluded.base, rows = excluded.rows, digest = excluded.digest,
          counted_at = now()
        where (facility_digests.base, facility_digests.position) < (excluded.base, excluded.position)`.execute(tx)
  })

/** Forgets what nobody has counted on with for so long: forms that no server has any more. */
export const forgetUnused = async (db: Db, log: LogName, days: number): Promise<void> =>
  inRole(db, { role: 'foyer_feed', facilityId: log.facilityId }, async (tx) => {
    await sql`
      delete from facility_digests
      where facility_id = ${log.facilityId} and audience = ${log.audience}
        and counted_at < now() - make_interval(days => ${days})`.execute(tx)
  })
