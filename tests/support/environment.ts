import { type Environment, systemEnvironment } from '../../src-main/data/environment.ts'
import type { ReplicaWork } from '../../src-main/data/snapshot/replica-work.ts'

export interface Changes {
  /** Stands between the desk and the network. */
  readonly fetch?: typeof fetch
  /** Epoch ms. */
  readonly now?: () => number
  readonly random?: () => number
  /** Does the work on whole replicas; without one it is done in place. */
  readonly work?: ReplicaWork
}

/** This computer, with another line, time or chance. */
export const environmentWith = ({ fetch, now, random, work }: Changes): Environment => ({
  ...systemEnvironment,
  ...(fetch && { fetch }),
  ...(random && { random }),
  ...(work && { work }),
  ...(now && { clock: { ...systemEnvironment.clock, now } }),
})
