import type { SyncStatus } from '../../../src-shared/contract/ipc.ts'
import type { ErrorData } from '../../../src-shared/errors.ts'

/** Keeps the last problem with the line and when it began, also after it is over. `now` gives an instant. */
export const problemMemory = (now: () => string): ((present: ErrorData | null) => SyncStatus['last_problem']) => {
  let last: SyncStatus['last_problem'] = null
  let isPresent = false
  return (present) => {
    const isKnown = isPresent && last?.error.code === present?.code
    isPresent = present !== null
    if (present && !isKnown) last = { at: now(), error: present }
    return last
  }
}
