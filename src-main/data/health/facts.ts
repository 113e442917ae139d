import { healthFacts, type HealthFacts } from '../../../src-shared/contract/ipc.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import type { Desk } from '../desk/desk.ts'
import type { Replica } from '../replica/replica.ts'

const settingName = 'health'

/** Before anything was compared. */
export const noFacts: HealthFacts = { compared_at: null, compared_up_to: null, different: [], skipped: 0, mended: [] }

export const keptFacts = (desk: Pick<Desk, 'setting'>): HealthFacts => {
  const kept = desk.setting(settingName)
  return kept === undefined ? noFacts : healthFacts.catch(noFacts).parse(JSON.parse(kept))
}

export const keepFacts = (desk: Pick<Desk, 'saveSetting'>, facts: HealthFacts): void => {
  try {
    desk.saveSetting(settingName, JSON.stringify(facts))
  } catch (error) {
    // A disk that does not take the note must not hold up what was compared and mended: only a restart forgets it.
    if (!(error instanceof DomainError)) throw error
  }
}

/** What is shown is damaged, of another version or of today alone: not all of what the log says, whatever was found out before. */
export const isInDoubt = ({ isDamaged, readState }: Pick<Replica, 'isDamaged' | 'readState'>): boolean =>
  isDamaged() || readState().isStale

/** That all was equal once proves nothing of another replica; that something was not stays until it is seen to be right. */
export const withoutProof = (facts: HealthFacts): HealthFacts =>
  facts.different.length === 0 ? { ...facts, compared_at: null, compared_up_to: null } : facts
