import type { Kysely } from 'kysely'
import type { Row } from '../schema/table.ts'
import type { facilities } from '../schema/tables/facilities.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import { type DateText, dateAt, type InstantText, timeAt, type TimeText } from '../time.ts'
import type { QueryContext } from './query.ts'

/** The facility of this desk with its date and wall clock at `now`. */
export interface FacilityClock {
  readonly facility: Row<typeof facilities>
  readonly now: InstantText
  readonly today: DateText
  readonly time: TimeText
}

export const facilityClock = async (
  db: Kysely<SearchDatabase>,
  { facilityId }: QueryContext,
  now: InstantText,
): Promise<FacilityClock> => {
  const facility = await db.selectFrom('facilities').selectAll().where('id', '=', facilityId).executeTakeFirstOrThrow()
  return { facility, now, today: dateAt(now, facility.time_zone), time: timeAt(now, facility.time_zone) }
}

/** Minutes since midnight. */
export const minuteOfDay = (time: TimeText): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
