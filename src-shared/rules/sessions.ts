import type { Row } from '../schema/table.ts'
import type { sessions } from '../schema/tables/sessions.ts'
import type { TimeText } from '../time.ts'

/** Where a session of today stands against the clock of the facility. */
export type SessionPhase = 'past' | 'now' | 'later'

/** An instructor looks at the roll before the children are in the water: "now" begins this many minutes early (J2). */
const earlyMinutes = 15

const minutesOf = (time: TimeText): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

export const phaseOf = (
  session: { readonly starts_at: TimeText; readonly ends_at: TimeText },
  time: TimeText,
): SessionPhase => {
  const now = minutesOf(time)
  if (now >= minutesOf(session.ends_at)) return 'past'
  return now >= minutesOf(session.starts_at) - earlyMinutes ? 'now' : 'later'
}

/** A session that was cancelled, or moved to another time (U36), does not. */
export const takesPlace = ({ status }: Pick<Row<typeof sessions>, 'status'>): boolean =>
  status !== 'cancelled' && status !== 'rescheduled'
