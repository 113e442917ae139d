import { acceptItem } from '../../../src-shared/commands/inbox/accept.ts'
import { findCommand } from '../../../src-shared/commands/index.ts'
import { DomainError, type ErrorCode } from '../../../src-shared/errors.ts'
import type { Actor } from '../outbox/enqueue.ts'
import type { Store } from '../store.ts'

/** How the item came to be settled, said to other desks. */
const note = 'Marked as read at its own desk, before items were settled for all desks.'

/** After these it is of no use to try again; the item shows how it stands. */
const final: ReadonlySet<ErrorCode> = new Set(['already_settled', 'not_found', 'money_unbooked'])

/**
 * Until items of the inbox were settled for all desks, a desk only hid what somebody had read there: `closed_outcomes` in
 * `desk.db`. Whoever signs in next, and may, accepts those for everybody; the list is empty from then on. What may not be
 * accepted (money that is in no book) is open again. Answers with the tables that changed.
 */
export const acceptClosed = async (store: Store, actor: Actor): Promise<readonly string[]> => {
  const accept = findCommand(acceptItem.name, acceptItem.version)
  const touched = new Set<string>()
  for (const id of store.desk.closedOutcomes()) {
    try {
      const { tables } = await store.run(accept, { outcome_id: id, also: [], note }, actor)
      for (const table of tables) touched.add(table)
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      if (!final.has(error.code)) continue
    }
    store.desk.forgetClosed(id)
  }
  return [...touched]
}
