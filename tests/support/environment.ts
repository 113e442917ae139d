import { type Environment, systemEnvironment } from '../../src-main/data/environment.ts'

export interface Changes {
  /** Stands between the desk and the network. */
  readonly fetch?: typeof fetch
  /** Epoch ms. */
  readonly now?: () => number
  readonly random?: () => number
}

/** This computer, with another line, time or chance. */
export const environmentWith = ({ fetch, now, random }: Changes): Environment => ({
  ...systemEnvironment,
  ...(fetch && { fetch }),
  ...(random && { random }),
  ...(now && { clock: { ...systemEnvironment.clock, now } }),
})
