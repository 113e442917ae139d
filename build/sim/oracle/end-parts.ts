import type { Sql } from '../database.ts'
import type { SimDevice } from '../device.ts'
import type { World } from '../world.ts'
import type { Journal } from './journal.ts'
import type { Verdict } from './verdict.ts'

/** What is looked at when a run is over. */
export interface EndParts {
  readonly sql: Sql
  readonly world: World
  readonly devices: readonly SimDevice[]
  readonly journal: Journal
  readonly verdict: Verdict
}

/** Not one that was revoked, or switched off for good. */
export const isWorking = ({ isRevoked, isGone }: SimDevice): boolean => !isRevoked && !isGone
