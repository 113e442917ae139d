import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import type { Environment } from '../../src-main/data/environment.ts'
import type { Store } from '../../src-main/data/store.ts'
import type { HealthStatus } from '../../src-shared/contract/ipc.ts'
import { DomainError } from '../../src-shared/errors.ts'
import type { Activity } from './activity.ts'
import type { History } from './history.ts'
import type { Link } from './network.ts'
import type { Chance } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { Killed, type SimDisk } from './sim-disk.ts'
import type { Enrolled } from './world.ts'

/** What may go wrong inside a computer. All are 0 in a quiet time. */
export interface Frailty {
  /** Of 100,000 calls of SQLite so many end the program, before or after they are done. */
  kills: number
  /** Of 100,000 writes so many fail. */
  diskFaults: number
}

export interface DeviceParts<D> {
  readonly enrolled: Enrolled
  /** Whose disk it begins with, in place of an empty one. */
  readonly original?: D | undefined
  readonly link: Link
  readonly folder: string
  readonly scheduler: Scheduler
  readonly activity: Activity
  readonly history: History
  readonly chance: Chance
  readonly watcher: DeviceWatcher<D>
}

/** Whoever looks on. */
interface DeviceWatcher<D> {
  readonly saved: (device: D, envelope: MutationEnvelope) => void
  /** The device has shown something new. */
  readonly shown: (device: D) => void
  /** Its sync has got on. */
  readonly moved: (device: D) => void
  readonly crashed: (device: D, kind: CrashKind) => void
  /** It has got on with the proof of its health. */
  readonly compared: (device: D, status: HealthStatus) => void
  /** A local write took time of the scheduler, which is that of the network. */
  readonly waited: (device: D, command: string) => void
  readonly failed: (device: D, what: string, error: unknown) => void
}

export type CrashKind = 'kill' | 'power'

export interface Fall {
  readonly kind: CrashKind
  readonly downMs: number
  readonly meanwhile?: (() => void) | undefined
}

export const isDiskFault = (error: unknown): boolean =>
  error instanceof Killed ||
  (error instanceof DomainError && (error.code === 'disk_full' || error.code === 'disk_failing')) ||
  (error instanceof Error && 'code' in error && /^SQLITE_(FULL|IOERR)/.test(String(error.code))) ||
  (error instanceof Error && error.cause !== undefined && isDiskFault(error.cause))

interface Start {
  readonly now: () => number
  /** This start of the program is over. */
  readonly isDead: () => boolean
}

/** The world as one start of a program sees it. */
export const environmentOf = <D>(
  { scheduler, chance, link }: DeviceParts<D>,
  { disk, work }: SimDisk,
  { now, isDead }: Start,
): Environment => ({
  clock: {
    now,
    after: (milliseconds, then) => scheduler.after(milliseconds, () => !isDead() && then()),
  },
  random: chance.float,
  bytes: chance.bytes,
  fetch: link.fetchFor(isDead),
  disk,
  work,
})

/** For people who read a history: also of a disk that fails just then. */
export const standOf = ({ desk, progress }: Store): string => {
  try {
    return `${desk.lastSeq()} saved, ${progress} decided`
  } catch (error) {
    return String(error)
  }
}
