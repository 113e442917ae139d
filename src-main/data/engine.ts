import { waitingCount } from './desk/waiting.ts'
import type { Environment } from './environment.ts'
import { Health } from './health/health.ts'
import { openStore } from './open-store.ts'
import { forgetOldSent } from './outbox/forget-sent.ts'
import type { Store, StoreParts } from './store.ts'
import type { Server } from './sync/server.ts'
import { Sync, type SyncParts } from './sync/sync.ts'

/** What runs on a device from the moment that its databases can be opened. */
export interface Engine {
  readonly store: Store
  readonly sync: Sync
  readonly health: Health
  /** Both directions and the comparing end; the store stays open. */
  readonly stop: () => void
  /**
   * Ends all of it where the server has all work, up to this number, and none was saved since; `decide` is called right
   * before. Answers whether it has ended.
   */
  readonly leave: (upTo: number, decide: () => void) => Promise<boolean>
}

export interface EngineParts
  extends
    Pick<StoreParts, 'folder' | 'key' | 'profile'>,
    Pick<SyncParts, 'url' | 'leaseKey' | 'onTables' | 'onShown' | 'onStatus' | 'onReleased' | 'onFault'> {
  readonly server: Server
  readonly environment: Environment
  /** What is told of the comparing has changed. */
  readonly onHealth: () => void
}

/** Opens the databases and begins to sync; the same at a counter and in the simulator. Throws as `openStore`. */
export const startEngine = async (parts: EngineParts): Promise<Engine> => {
  const running: Running = {}
  const store = await openStore({ ...parts, onDamage: () => running.sync?.renew() })
  try {
    return begin(store, running, parts)
  } catch (error) {
    // The next sign-in opens the same files.
    running.sync?.stop()
    await store.close().catch(() => undefined)
    throw error
  }
}

interface Running {
  sync?: Sync
  health?: Health
}

const begin = (store: Store, running: Running, parts: EngineParts): Engine => {
  const { server, environment, onTables, onFault } = parts
  forgetOldSent(store, environment)
  const sync = new Sync({
    ...parts,
    deviceId: parts.profile.device_id,
    store,
    onShown: () => {
      running.health?.renewed()
      parts.onShown()
    },
  })
  running.sync = sync
  const health = new Health({
    store,
    server,
    environment,
    outbox: () => ({ isOnline: sync.line.online, waiting: waitingCount(store), progress: store.progress }),
    sync,
    onTables,
    onStatus: parts.onHealth,
    onFault,
  })
  running.health = health
  const stop = (): void => {
    health.stop()
    sync.stop()
  }
  const leave: Engine['leave'] = (upTo, decide) =>
    store.close(() => {
      if (store.isReadOnly || store.desk.mutationsAfter(upTo, 1).length > 0) return false
      decide()
      stop()
      return true
    })
  return { store, sync, health, stop, leave }
}
