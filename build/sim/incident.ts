import type { Activity } from './activity.ts'
import type { Database } from './database.ts'
import type { SimDevice } from './device.ts'
import type { HealthWatch } from './health-at-rest.ts'
import type { History } from './history.ts'
import type { Office } from './office.ts'
import type { Journal } from './oracle/journal.ts'
import type { Watch } from './oracle/while-running.ts'
import type { Chance } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimServer } from './server.ts'

export interface IncidentParts {
  readonly database: Database
  readonly devices: readonly SimDevice[]
  readonly server: SimServer
  readonly scheduler: Scheduler
  readonly activity: Activity
  readonly history: History
  readonly chance: Chance
  readonly office: Office
  readonly journal: Journal
  readonly watch: Watch
  readonly health: HealthWatch
  /** Everybody who works stops, or goes on. */
  readonly pauseWork: (isPaused: boolean) => void
  /** All faults are over. */
  readonly isOver: () => boolean
}

/** When a rare thing happens, and to whom. */
export interface Moment {
  readonly first: number
  readonly second: number
  readonly at: (when: number, what: string, work: () => unknown) => void
  readonly device: SimDevice
  /** How long the run is. */
  readonly operations: number
}

/** By an admin: whoever has this device's identity is refused from now on. */
export const revoke = async (parts: IncidentParts, { enrolled }: SimDevice): Promise<void> => {
  const { database, activity, scheduler, history, devices } = parts
  for (const each of devices.filter((device) => device.enrolled.id === enrolled.id)) {
    each.isRevoked = true
    history.note(each.name, 'revoked')
  }
  const now = new Date(scheduler.now()).toISOString()
  await activity.during(database.sql('update devices set revoked_at = $2 where id = $1', [enrolled.id, now]))
  for (const each of devices) if (each.enrolled.id === enrolled.id) each.revokedAt = scheduler.now()
}

/** Whoever has destroyed everything by then stays as it is. */
export const takeBack = async (parts: IncidentParts, { enrolled }: SimDevice): Promise<void> => {
  const { database, activity, devices, history } = parts
  await activity.during(database.sql('update devices set revoked_at = null where id = $1', [enrolled.id]))
  for (const each of devices.filter((device) => device.enrolled.id === enrolled.id)) {
    each.isRevoked = false
    history.note(each.name, 'let in again')
  }
}
