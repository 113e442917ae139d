import { healthFacts, type HealthFacts } from '../../../src-shared/contract/ipc.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import type { Desk } from '../desk/desk.ts'

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

/** That all was equal once proves nothing of another replica; that something was not stays until it is seen to be right. */
export const withoutProof = <T extends HealthFacts>(facts: T): T =>
  facts.different.length === 0 ? { ...facts, compared_at: null, compared_up_to: null } : facts
