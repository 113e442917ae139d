import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { errorBody } from '../../../src-shared/contract/http.ts'
import type { DecidedMutation, WaitingMutation } from '../../../src-shared/contract/ipc.ts'
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

/** How many; never negative, also when the computer was set back to an older state. */
export const waitingCount = (store: Store): number => Math.max(0, store.desk.lastSeq() - store.progress)

/** Mutations of this device that the server refused or changed, and that nobody has closed, newest first (promise 4). */
export const decidedMutations = async (store: Store, deviceId: string): Promise<readonly DecidedMutation[]> => {
  const outcomes = await store.replica.reads
    .selectFrom('mutation_outcomes')
    .selectAll()
    .where('device_id', '=', deviceId)
    .orderBy('device_seq', 'desc')
    .execute()
  const closed = store.desk.closedOutcomes()
  return outcomes
    .filter((outcome) => !closed.has(outcome.id))
    .map((outcome) => {
      const sent = store.desk.mutationById(outcome.id)
      return {
        id: outcome.id,
        seq: outcome.device_seq,
        command: outcome.command,
        args: sent?.args ?? null,
        at: sent?.at ?? outcome.decided_at,
        staff_id: sent?.staff_id ?? outcome.staff_id ?? outcome.device_id,
        local_error: null,
        outcome: outcome.outcome,
        error: errorBody.parse({
          code: outcome.code,
          message: outcome.message,
          details: JSON.parse(outcome.details) as unknown,
        }),
        decided_at: outcome.decided_at,
      }
    })
}

const lineOf = ({ id, seq, command, args, at, staff_id }: MutationEnvelope) => ({
  id,
  seq,
  command,
  args,
  at,
  staff_id,
})
