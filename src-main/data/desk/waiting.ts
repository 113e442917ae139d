import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { errorBody } from '../../../src-shared/contract/http.ts'
import type { WaitingMutation } from '../../../src-shared/contract/ipc.ts'
import { answeredUpTo } from '../outbox/answered.ts'
import { textOrUndefined } from '../sqlite.ts'
import type { Store } from '../store.ts'

/** More than a person reads; the status counts all of them. */
const mostShown = 500

type Outbox = Pick<Store, 'desk' | 'progress'>

/** What is saved on this computer and not decided by the server yet, in order (SPEC U5). */
export const waitingAfter = ({ desk, progress }: Outbox, most: number): readonly MutationEnvelope[] =>
  desk.mutationsAfter(answeredUpTo(desk, progress), most)

/** The first 500 of it, as a person sees them. */
export const waitingMutations = (store: Store): readonly WaitingMutation[] => {
  const refusal = store.replica.readDb.prepare('select error from local_refusals where seq = ?').pluck()
  return waitingAfter(store, mostShown).map((mutation) => {
    const error = textOrUndefined(refusal.get(mutation.seq))
    return { ...lineOf(mutation), local_error: error === undefined ? null : errorBody.parse(JSON.parse(error)) }
  })
}

/** How many; none when the computer was set back to an older state, and of numbers that it skipped. */
export const waitingCount = (outbox: Outbox): number => {
  const [first] = waitingAfter(outbox, 1)
  return first ? outbox.desk.lastSeq() + 1 - first.seq : 0
}

const lineOf = ({ id, seq, command, args, at, staff_id }: MutationEnvelope) => ({
  id,
  seq,
  command,
  args,
  at,
  staff_id,
})
