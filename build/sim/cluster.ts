import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

export interface Cluster {
  /** Superuser URL of a migrated database, to which nobody is connected. */
  readonly templateUrl: string
  readonly stop: () => Promise<void>
}

/**
 * A PostgreSQL server that forces nothing to the disk, with a template that the simulator in this folder has migrated. A
 * process of its own keeps it, in a group of its own, and ends it when this one is gone, however that ended.
 */
export const startCluster = async (simulator: string): Promise<Cluster> => {
  const keeper = fork(path.join(simulator, 'cluster-main.ts'), { detached: true })
  const exited = once(keeper, 'exit')
  const templateUrl = await Promise.race([
    once(keeper, 'message').then(([url]) => String(url)),
    exited.then(([code]) => {
      throw new Error(`PostgreSQL was not started: code ${String(code)}`)
    }),
  ])
  return {
    templateUrl,
    stop: async () => {
      if (keeper.connected) keeper.disconnect()
      await exited
    },
  }
}
