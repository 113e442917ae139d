import type { LogName } from './shapes/handle.ts'
import type { Samples } from './metrics.ts'

/** How far behind the devices are that this server hears from. Kept in memory: a device that is silent is not in it. */
export interface DeviceWatch {
  /** A device asked for what follows `position`. */
  readonly asked: (deviceId: string, log: LogName, position: number) => void
  /** A device said how many changes it has not sent yet. */
  readonly waits: (deviceId: string, waiting: number) => void
  /** A log has grown. */
  readonly grew: (facilityId: string, audience: string, position: number) => void
  /** Changes that are waiting on the device. */
  readonly waiting: () => Samples
  /** Entries of its log that the device has not asked beyond. */
  readonly positionsBehind: () => Samples
  /** Since when it has not been up to date. */
  readonly secondsBehind: () => Samples
  readonly count: () => number
}

interface Seen {
  readonly at: number
  readonly log: string
  readonly position: number
  /** Undefined while it has everything. */
  readonly behindSince: number | undefined
  readonly waiting: number | undefined
}

/** Those that were heard of last; a time series costs its reader some kilobytes. */
const mostDevices = 1000
/** A device that follows its log asks every 20 s. What is silent for longer is switched off, or asks another server. */
const forgetMs = 120_000

export const watchDevices = (now: () => number): DeviceWatch => {
  /** In the order in which they were heard of. */
  const devices = new Map<string, Seen>()
  const heads = new Map<string, number>()

  const see = (deviceId: string, change: Partial<Seen>): void => {
    const known = devices.get(deviceId)
    devices.delete(deviceId)
    const blank: Seen = { at: now(), log: '', position: 0, behindSince: undefined, waiting: undefined }
    devices.set(deviceId, { ...(known ?? blank), ...change, at: now() })
    const [oldest] = devices.keys()
    if (devices.size > mostDevices && oldest !== undefined) devices.delete(oldest)
  }

  const present = (): readonly (readonly [string, Seen])[] => {
    for (const [deviceId, { at }] of devices) if (now() - at > forgetMs) devices.delete(deviceId)
    return [...devices]
  }

  const headOf = ({ log, position }: Seen): number => Math.max(position, heads.get(log) ?? 0)

  return {
    asked: (deviceId, { facilityId, audience }, position) => {
      const log = `${facilityId}.${audience}`
      const known = devices.get(deviceId)
      const isBehind = position < (heads.get(log) ?? 0)
      const since = known?.log === log ? known.behindSince : undefined
      see(deviceId, { log, position, behindSince: isBehind ? (since ?? now()) : undefined })
    },
    waits: (deviceId, waiting) => see(deviceId, { waiting }),
    grew: (facilityId, audience, position) => {
      const log = `${facilityId}.${audience}`
      heads.set(log, position)
      for (const [deviceId, seen] of devices) {
        if (seen.log === log && seen.behindSince === undefined && seen.position < position) {
          devices.set(deviceId, { ...seen, behindSince: now() })
        }
      }
    },
    waiting: () =>
      present().flatMap(([deviceId, { waiting }]) => (waiting === undefined ? [] : [[deviceId, waiting] as const])),
    positionsBehind: () =>
      present().flatMap(([deviceId, seen]) => (seen.log ? [[deviceId, headOf(seen) - seen.position] as const] : [])),
    secondsBehind: () =>
      present().flatMap(([deviceId, { log, behindSince }]) =>
        log ? [[deviceId, behindSince === undefined ? 0 : (now() - behindSince) / 1000] as const] : [],
      ),
    count: () => present().length,
  }
}
