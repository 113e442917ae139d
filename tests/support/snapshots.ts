import type { SnapshotManifest } from '../../src-shared/contract/snapshot.ts'
import { publishedIn } from '../../sync-server/snapshots/place.ts'
import { refreshSnapshot } from '../../sync-server/snapshots/refresh.ts'
import { academy } from './academy.ts'
import type { TestServer } from './sync-server.ts'

/** One for every change, in parts of some tens of rows. */
export const eagerPolicy = {
  leastPositions: 1,
  positionsBehind: 0,
  minutes: 0,
  leastRowsForToday: 1_000_000,
  leastShareForToday: 0.5,
  partBytes: 40_000,
}

/** Makes a snapshot of the counter's facility as it is now. */
export const publishSnapshot = async (
  { postgres }: Pick<TestServer, 'postgres'>,
  folder: string,
  facilityId: string = academy.facility_id,
): Promise<SnapshotManifest> => {
  const log = { facilityId, audience: 'desk' } as const
  await refreshSnapshot(
    { db: postgres.db, folder, policy: eagerPolicy, now: Date.now, freeBytes: () => Number.POSITIVE_INFINITY },
    log,
  )
  const [newest] = publishedIn(folder, log, 'whole')
  if (!newest) throw new Error('No snapshot was published.')
  return newest
}

/** Makes one, and one of today beside it. */
export const publishToday = async (
  { postgres }: Pick<TestServer, 'postgres'>,
  folder: string,
): Promise<SnapshotManifest> => {
  const log = { facilityId: academy.facility_id, audience: 'desk' } as const
  const policy = { ...eagerPolicy, leastRowsForToday: 1 }
  await refreshSnapshot(
    { db: postgres.db, folder, policy, now: Date.now, freeBytes: () => Number.POSITIVE_INFINITY },
    log,
  )
  const [newest] = publishedIn(folder, log, 'today')
  if (!newest) throw new Error('No snapshot of today was published.')
  return newest
}

/** Sessions of weeks long past, each with a booking and a mark of every child of the counter. */
export const addOldSessions = async ({ sql }: Pick<TestServer, 'sql'>, count: number): Promise<void> => {
  await sql(
    `with many as (
        select number, gen_random_uuid() as session_id from generate_series(1, $1::int) as number
      ),
      sessions_added as (${likeTheFirst('sessions', "'id', session_id, 'date', date '2024-01-01' + number, 'status', 'completed'")}),
      places as (select session_id, student_id from many, (select distinct student_id from bookings) as booked),
      bookings_added as (
        insert into bookings select (jsonb_populate_record(null::bookings,
          (select to_jsonb(known) from bookings as known limit 1)
          || jsonb_build_object('id', gen_random_uuid(), 'session_id', session_id, 'student_id', student_id))).* from places
      )
      insert into attendance_marks (id, facility_id, session_id, student_id, code, note, source, at, hlc, staff_id, device_id)
      select gen_random_uuid(), facility.id, session_id, student_id, 'present', null, 'instructor',
        '2024-01-01T00:00:00Z', '018cc251f400-0000-00000000', staff.id, device.id
      from places, (select id from facilities limit 1) as facility, (select id from staff limit 1) as staff,
        (select id from devices limit 1) as device`,
    [count],
  )
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
