import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'

type Counts = Readonly<Record<string, number>>
type Work = Pick<MutationEnvelope, 'command' | 'args'>

/** Of the arguments what says how many rows there must be. */
interface Args {
  readonly entries: readonly unknown[]
  readonly check_in_ids: readonly unknown[]
  readonly marks: readonly unknown[]
  readonly allocations: readonly unknown[]
}

/** Written down apart from the commands, so that these cannot be wrong in the same way. */
const made: Readonly<Record<string, (args: Args) => Counts>> = {
  'check_in.record': ({ entries }) => ({ check_ins: entries.length }),
  'check_in.undo': ({ check_in_ids }) => ({ check_ins: check_in_ids.length }),
  'check_out.record': ({ entries }) => ({ check_ins: entries.length }),
  'attendance.mark': ({ marks }) => ({ attendance_marks: marks.length }),
  'attendance.walk_in': () => ({ attendance_marks: 1, bookings: 1 }),
  'payment.take': ({ allocations }) => ({ payments: 1, receipts: 1, payment_allocations: allocations.length }),
  'payment.void': () => ({ payment_voids: 1 }),
  'inbox.redo': (args) => rowsMadeBy(args as unknown as Work),
}

/** How many rows of each table a mutation makes that is carried out as it was asked, under ids that begin like its own. */
export const rowsMadeBy = ({ command, args }: Work): Counts => made[command]?.(args as Args) ?? {}

/** Every table in which `rowsMadeBy` counts. */
export const tablesOfRows: readonly string[] = [
  'check_ins',
  'attendance_marks',
  'bookings',
  'payments',
  'receipts',
  'payment_allocations',
  'payment_voids',
]

/** Fewer of these where the place was given, or the invoice paid, before. */
export const mayBeFewer: readonly string[] = ['bookings', 'payment_allocations']

const suffix = 3

/** What the ids of all its rows begin with. */
export const stemOf = (mutationId: string): string => mutationId.slice(0, -suffix)

/** The first and the last row id that a mutation can make. */
export const rowIdsOf = (mutationId: string): readonly [string, string] => {
  const stem = stemOf(mutationId)
  return [`${stem}001`, `${stem}fff`]
}
