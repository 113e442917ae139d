import type { Sync } from '../../src-main/data/sync/sync.ts'
import type { History } from './history.ts'
import type { Chance } from './random.ts'
import type { Scheduler } from './scheduler.ts'

interface ReaderParts {
  readonly scheduler: Scheduler
  readonly history: History
  readonly chance: Chance
}

/** A person who reads that much would be taken away at once, and says after a while that it is right (FAULTS S11). */
export const removalReader = ({ scheduler, history, chance }: ReaderParts): ((sync: Sync | undefined) => void) => {
  // A program that was killed meanwhile has another one after it, which asks as well.
  let asking: Sync | undefined
  return (sync) => {
    if (!sync?.held || sync === asking) return
    asking = sync
    history.count('removals that a person accepted')
    scheduler.after(chance.int(500, 3000), () => {
      if (sync === asking) asking = undefined
      sync.acceptRemoval()
    })
  }
}
