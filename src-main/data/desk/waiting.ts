import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { errorBody } from '../../../src-shared/contract/http.ts'
import type { WaitingMutation } from '../../../src-shared/contract/ipc.ts'
import { textOrUndefined } from '../sqlite.ts'
import type { Store } from '../store.ts'

/** More than a person reads; the status counts all of them. */
const mostShown = 500

/** What is saved on this computer and not decided by the server yet, in order: the first 500. */
export const waitingMutations = (store: Store): readonly WaitingMutation[] => {
  const refusal = store.replica.readDb.prepare('select error from local_refusals where seq = ?').pluck()
  return store.desk.mutationsAfter(store.progress, mostShown).map((mutation) => {
    const error = textOrUndefined(refusal.get(mutation.seq))
    return { ...lineOf(mutation), local_error: error === undefined ? null : errorBody.parse(JSON.parse(error)) }
  })
}

/** How many; none when the computer was set back to an older state, and of numbers that it skipped. */
export const waitingCount = ({ desk, progress }: Pick<Store, 'desk' | 'progress'>): number => {
  const first = desk.mutationsAfter(progress, 1)[0]
  return first ? desk.lastSeq() + 1 - first.seq : 0
}

const lineOf = ({ id, seq, command, args, at, staff_id }: MutationEnvelope) => ({
  id,
  seq,
  command,
  args,
  at,
  staff_id,
})
