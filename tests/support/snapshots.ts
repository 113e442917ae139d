import type { SnapshotManifest } from '../../src-shared/contract/snapshot.ts'
import { publishedIn } from '../../sync-server/snapshots/place.ts'
import { refreshSnapshot } from '../../sync-server/snapshots/refresh.ts'
import { academy } from './academy.ts'
import type { TestServer } from './sync-server.ts'

/** Makes a snapshot of the counter's facility as it is now, in parts of some tens of rows. */
export const publishSnapshot = async (
  { postgres }: Pick<TestServer, 'postgres'>,
  folder: string,
  facilityId: string = academy.facility_id,
): Promise<SnapshotManifest> => {
  const log = { facilityId, audience: 'desk' } as const
  const policy = { leastPositions: 1, positionsBehind: 0, minutes: 0, partBytes: 40_000 }
  await refreshSnapshot({ db: postgres.db, folder, policy, now: Date.now }, log)
  const [newest] = publishedIn(folder, log)
  if (!newest) throw new Error('No snapshot was published.')
  return newest
}

/** Families with a child and a guardian each, linked to the counter's facility, named `<name> <number>`. */
export const addFamilies = async ({ sql }: Pick<TestServer, 'sql'>, count: number, name = 'Berg'): Promise<void> => {
  await sql(
    `with many as (
        select number, gen_random_uuid() as family_id, gen_random_uuid() as student_id
        from generate_series(1, $1::int) as number
      ),
      families_added as (${likeTheFirst('families', "'id', family_id, 'name', $2::text || ' ' || number")}),
      linked as (${likeTheFirst('family_facilities', "'id', gen_random_uuid(), 'family_id', family_id")}),
      students_added as (${likeTheFirst('students', "'id', student_id, 'first_name', 'Kind' || number")}),
      parents_added as (${likeTheFirst('guardians', "'id', gen_random_uuid(), 'family_id', family_id")})
      ${likeTheFirst('family_students', "'id', gen_random_uuid(), 'family_id', family_id, 'student_id', student_id")}`,
    [count, name],
  )
}

const likeTheFirst = (table: string, changes: string): string =>
  `insert into ${table} select (jsonb_populate_record(null::${table},
    (select to_jsonb(known) from ${table} as known limit 1) || jsonb_build_object(${changes}))).* from many`
