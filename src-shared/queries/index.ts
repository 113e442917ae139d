import { counterExpected } from './expected.ts'
import { counterFamily } from './family.ts'
import { inboxCount } from './inbox-count.ts'
import { inboxList, inboxSent } from './inbox.ts'
import { namesOf } from './names.ts'
import { paymentsDue, paymentsOfFamily, receiptsGet } from './payments.ts'
import { classRoll } from './roll.ts'
import type { Query } from './query.ts'
import { counterSearch } from './search.ts'
import { todaysSessions } from './sessions.ts'

/** Every query, under the name that the window calls it by. */
const queries = [
  counterSearch,
  counterExpected,
  counterFamily,
  paymentsDue,
  paymentsOfFamily,
  receiptsGet,
  todaysSessions,
  classRoll,
  namesOf,
  inboxList,
  inboxCount,
  inboxSent,
] as const

/** A query whose arguments are checked by itself before it runs. */
export type AnyQuery = Query<unknown, unknown>

/** Undefined when this program does not know the name. */
export const findQuery = (name: string): AnyQuery | undefined =>
  // `run` is only called with what `args` of the same query has parsed.
  (queries as unknown as readonly AnyQuery[]).find((query) => query.name === name)
