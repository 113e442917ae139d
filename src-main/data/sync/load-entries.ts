import { type Applier, latestHlcOf } from '../../../src-shared/replica/apply.ts'
import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import type { Replica } from '../replica/replica.ts'
import type { ReplicaState } from '../replica/state.ts'
import { takeOffUnsent } from './take-off.ts'

interface Target {
  readonly replica: Replica
  readonly applier: Applier
}

/** Adds entries of the log to a replica that is not shown yet, in one transaction with their position (SPEC F1). */
export const loadEntries = (
  { replica, applier }: Target,
  entries: readonly LogEntry[],
  { handle, since }: Pick<ReplicaState, 'handle' | 'since'>,
): Promise<void> =>
  replica.transact(async () => {
    takeOffUnsent(replica)
    applier.load(entries)
    replica.keepSearch()
    const known = replica.state.read()
    replica.state.update({
      // Of tables that this program does not know yet nothing is left to go in.
      position: entries.at(-1)?.position ?? known.position,
      handle,
      since: Math.max(known.since, since),
      latestHlc: latestHlcOf(entries, known.latestHlc),
      // One that was whole and could not be shown is not any more: a part of what the log has is no state that there ever was.
      isComplete: false,
    })
  })
