import type { HealthStatus } from '../../src-shared/contract/ipc.ts'
import { waitingCount } from '../../src-main/data/desk/waiting.ts'
import type { Environment } from '../../src-main/data/environment.ts'
import { Health } from '../../src-main/data/health/health.ts'
import { forgetOldSent } from '../../src-main/data/outbox/forget-sent.ts'
import { Store } from '../../src-main/data/store.ts'
import { connectServer } from '../../src-main/data/sync/server.ts'
import { Sync } from '../../src-main/data/sync/sync.ts'
import type { Enrolled } from './world.ts'

/** What runs on a computer from its start to its end, put together as the data process does it. */
export interface Program {
  readonly store: Store
  readonly sync: Sync
  readonly health: Health
}

interface ProgramParts {
  readonly enrolled: Enrolled
  readonly folder: string
  readonly key: Uint8Array
  readonly environment: Environment
  readonly url: string
  readonly onShown: () => void
  readonly onStatus: (sync: Sync | undefined) => void
  readonly onHealth: (status: HealthStatus) => void
  readonly onFault: (error: unknown) => void
}

export const composeProgram = async (parts: ProgramParts): Promise<Program> => {
  const { enrolled, folder, key, environment, url, onShown, onFault } = parts
  const { id, facility, till, privateKey } = enrolled
  const made: { sync?: Sync; health?: Health } = {}
  const server = connectServer({
    url,
    identity: { deviceId: id, privateKey },
    environment,
    onContact: (problem) => made.sync?.onContact(problem),
  })
  const profile = { device_id: id, facility_id: facility.id, till }
  const onDamage = (): void => made.sync?.renew()
  const store = await Store.open({ folder, key, profile, environment, onDamage })
  forgetOldSent(store, environment)
  const look = async (): Promise<void> => made.health?.look()
  const sync = new Sync({
    store,
    url,
    server,
    environment,
    onTables: onShown,
    onShown: () => {
      made.health?.renewed()
      onShown()
    },
    onStatus: () => {
      parts.onStatus(made.sync)
      void Promise.resolve().then(look).catch(onFault)
    },
    onFault,
  })
  made.sync = sync
  const health = new Health({
    store,
    server,
    environment,
    outbox: () => ({ isOnline: sync.line.online, waiting: waitingCount(store), progress: store.progress }),
    sync,
    onTables: onShown,
    onStatus: () => made.health && parts.onHealth(made.health.status),
    onFault,
  })
  made.health = health
  return { store, sync, health }
}
