import type { HealthStatus } from '../../src-shared/contract/ipc.ts'
import type { SimDevice } from './device.ts'
import type { History } from './history.ts'
import { operate } from './operations.ts'
import { isWorking } from './oracle/end-parts.ts'
import type { Verdict } from './oracle/verdict.ts'
import { savedIn } from './oracle/while-running.ts'
import { type Chance, chanceOf } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { spoilRow } from './wrong-rows.ts'
import type { World } from './world.ts'

/** What the devices say about the proof of their health (SPEC H1-H9). */
export interface HealthWatch {
  /** A device says something new. */
  readonly told: (device: SimDevice, status: HealthStatus) => void
  /** Rows of this one were made wrong. */
  readonly spoiled: (device: SimDevice) => void
  /** Another one has its rows now. */
  readonly copied: (device: SimDevice, copy: SimDevice) => void
  /** Told each time that a device mends. */
  onMending: (device: SimDevice) => void
}

export const createHealthWatch = (verdict: Verdict, history: History): HealthWatch => {
  /** For good: a power cut can take the mending along, and what was made wrong is there again. */
  const wrong = new Set<SimDevice>()
  const before = new Map<SimDevice, HealthStatus>()
  /** A comparison that came to nothing leaves it as it was. */
  const comparedAt = new Map<SimDevice, string | null>()
  const watch: HealthWatch = {
    told(device, status) {
      const last = before.get(device)
      before.set(device, status)
      if (status.activity === last?.activity) return
      if (status.activity === 'mending') watch.onMending(device)
      if (last?.activity !== 'comparing') return
      if (status.compared_at === (comparedAt.get(device) ?? null)) return
      comparedAt.set(device, status.compared_at)
      history.count('compared with the server')
      const isTrue = status.different.length === 0 || wrong.has(device)
      verdict.check(
        'health',
        isTrue,
        () => `${device.name} finds wrong rows of ${status.different.join()}: false alarm`,
      )
    },
    spoiled: (device) => void wrong.add(device),
    copied: (device, copy) => void (wrong.has(device) && wrong.add(copy)),
    onMending: () => undefined,
  }
  return watch
}

export interface ProofParts {
  readonly world: World
  readonly devices: readonly SimDevice[]
  readonly scheduler: Scheduler
  readonly history: History
  readonly verdict: Verdict
  readonly health: HealthWatch
  /** Whether rows of some devices are made wrong first. */
  readonly isSpoiling: boolean
  readonly isFailed: () => boolean
}

/** A comparison, what it finds, and the one that proves it mended. */
const proofMs = 120_000

/** A server that was set back without a trace is noticed by what it has no more: each device compares, and mends what it finds. */
export const compareAll = async ({ devices, scheduler, isFailed }: ProofParts): Promise<void> => {
  const working = devices.filter(isWorking)
  for (const device of working) device.compare()
  await scheduler.runUntil(() => isFailed() || working.every(({ health }) => health?.activity === 'none'), proofMs)
}

/**
 * At rest each device is asked to compare itself with the server. Where rows are made wrong then, it must name them and mend
 * just them, also when people write meanwhile and nothing goes up.
 */
export const proveHealth = async (parts: ProofParts): Promise<void> => {
  const devices = parts.devices.filter(isWorking)
  await prove(parts, devices)
  if (!parts.isSpoiling || parts.isFailed()) return
  const chance = chanceOf(parts.world.seed, 'health')
  const spoiled = spoilSome(devices, chance, parts.health)
  parts.health.onMending = (device) => {
    if (spoiled.has(device)) writeMeanwhile(device, chance, parts)
  }
  const before = new Map(devices.map((device) => [device, device.health?.mended[0]?.at]))
  await prove(parts, devices)
  for (const device of devices) {
    const wanted = spoiled.get(device)
    if (wanted) mendedAll(device, wanted, parts.verdict)
    const isLeftAlone = wanted !== undefined || device.health?.mended[0]?.at === before.get(device)
    parts.verdict.check('health', isLeftAlone, () => `${device.name} mended what nobody spoiled`)
  }
}

const prove = async ({ scheduler, verdict, isFailed }: ProofParts, devices: readonly SimDevice[]): Promise<void> => {
  const isProven = ({ health }: SimDevice): boolean => health?.activity === 'none' && health.different.length === 0
  for (const device of devices) device.compare()
  await scheduler.runUntil(() => isFailed() || devices.every(isProven), proofMs)
  for (const device of devices) {
    const text = (): string => `${device.name} cannot prove that it is well: ${JSON.stringify(device.health)}`
    verdict.check('health', isFailed() || isProven(device), text)
  }
}

/** SPEC H4, H5. */
const mendedAll = (device: SimDevice, { tables, saved }: Wrong, verdict: Verdict): void => {
  const found = new Map(device.health?.mended[0]?.tables.map(({ table, rows }) => [table, rows]))
  const isSame = found.size === tables.size && [...tables].every(([table, rows]) => found.get(table) === rows)
  verdict.check('health', isSame, () => `${device.name} had ${textOf(tables)} wrong and mended ${textOf(found)}`)
  const kept = savedIn(device)
  const isKept = [...saved].every(([id, text]) => kept.get(id) === text)
  verdict.check('health', isKept, () => `${device.name}: mending has touched the outbox`)
}

interface Wrong {
  /** How many rows of each table. */
  readonly tables: ReadonlyMap<string, number>
  /** What its outbox had. */
  readonly saved: ReadonlyMap<string, string>
}

const textOf = (tables: ReadonlyMap<string, number>): string =>
  [...tables].map(([table, rows]) => `${rows} of ${table}`).join(', ')

const spoilSome = (devices: readonly SimDevice[], chance: Chance, health: HealthWatch) => {
  const spoiled = new Map<SimDevice, Wrong>()
  for (const device of devices) {
    if (!chance.happens(50)) continue
    const table = spoilRow(device, chance)
    if (table === undefined) continue
    health.spoiled(device)
    spoiled.set(device, { tables: new Map([[table, 1]]), saved: savedIn(device) })
  }
  return spoiled
}

/** Below what is written now the rows are put right (SPEC H5): nothing of it goes up before. */
const writeMeanwhile = (device: SimDevice, chance: Chance, { world, scheduler, history }: ProofParts): void => {
  const [staff] = world.staff
  device.link.weather.busy = 100
  const write = (left: number): void => {
    const reader = device.reader()
    if (reader && staff && left > 0) void operate({ device, reader, chance, history, staff })
    if (left > 0) scheduler.after(1, () => write(left - 1))
    else scheduler.after(2000, () => (device.link.weather.busy = 0))
  }
  scheduler.after(0, () => write(4))
}
