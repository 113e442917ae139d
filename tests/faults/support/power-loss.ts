import { createHash } from 'node:crypto'
import path from 'node:path'
import { createRandom, type Random } from '../../../build/demo/random.ts'
import type { DiskChange } from './disk-log.ts'

/** What a disk may hold after a power cut: files by their names, without folders. */
export interface DiskState {
  readonly files: ReadonlyMap<string, Buffer>
  /** What the program had said until then. */
  readonly said: readonly string[]
  /** After how many changes the power went, and how the rest was chosen. */
  readonly at: string
}

/** A change that is not on the disk for sure. */
type Pending =
  | { readonly order: number; readonly kind: 'write'; readonly offset: number; readonly data: Buffer }
  | { readonly order: number; readonly kind: 'truncate'; readonly length: number }

interface DiskFile {
  durable: Buffer
  pending: Pending[]
}

interface NameChange {
  readonly order: number
  readonly apply: (names: Map<string, DiskFile>) => void
}

interface Disk {
  readonly folder: string
  readonly names: Map<string, DiskFile>
  /** Which names are on the disk for sure. */
  readonly durableNames: Map<string, DiskFile>
  pendingNames: NameChange[]
}

/** Which pending changes reached the disk, and of a write which parts. */
interface Fate {
  readonly name: string
  readonly hasName: (order: number) => boolean
  /** Undefined: not at all. */
  readonly partOf: (change: Pending) => readonly Readonly<{ from: number; to: number }>[]
}

const sectorBytes = 512

/**
 * The states that a power cut may leave at any moment of a recorded history (FAULTS D2): nothing that was not synced, all
 * of it, all up to some byte, or any of it sector by sector. The same state comes once. With a stride, after every so many
 * changes only.
 */
export function* powerLossStates(
  before: ReadonlyMap<string, Buffer>,
  changes: readonly DiskChange[],
  options: { readonly folder: string; readonly seed: number; readonly perChange: number; readonly stride: number },
): Generator<DiskState> {
  const random = createRandom(options.seed, 0)
  const disk = diskWith(options.folder, before)
  const said: string[] = []
  const seen = new Set<string>()
  for (const [order, change] of changes.entries()) {
    if (change.kind === 'mark') said.push(change.path)
    else apply(disk, change, order)
    if (order % options.stride !== 0) continue
    for (const fate of fatesAt(order, random, options.perChange)) {
      const files = filesAfter(disk, fate)
      const key = keyOf(files, said.length)
      if (seen.has(key)) continue
      seen.add(key)
      yield { files, said: [...said], at: `change ${order} of ${changes.length}, ${fate.name}` }
    }
  }
}

const diskWith = (folder: string, before: ReadonlyMap<string, Buffer>): Disk => {
  const names = new Map([...before].map(([name, durable]): [string, DiskFile] => [name, { durable, pending: [] }]))
  return { folder, names, durableNames: new Map(names), pendingNames: [] }
}

const apply = (disk: Disk, { kind, path: file, offset, data }: DiskChange, order: number): void => {
  const name = path.relative(disk.folder, file)
  const known = disk.names.get(name)
  if (kind === 'write') known?.pending.push({ order, kind, offset, data })
  else if (kind === 'truncate') known?.pending.push({ order, kind, length: offset })
  else if (kind === 'sync') sync(disk, name)
  else changeName(disk, order, nameChange(kind, name, path.relative(disk.folder, data.toString())))
}

const nameChange = (kind: DiskChange['kind'], name: string, to: string): NameChange['apply'] => {
  if (kind === 'unlink') return (names) => names.delete(name)
  if (kind === 'rename') {
    return (names) => {
      const file = names.get(name)
      names.delete(name)
      if (file) names.set(to, file)
    }
  }
  const fresh: DiskFile = { durable: Buffer.alloc(0), pending: [] }
  return (names) => names.set(name, fresh)
}

const changeName = (disk: Disk, order: number, change: NameChange['apply']): void => {
  change(disk.names)
  disk.pendingNames.push({ order, apply: change })
}

/** A synced folder keeps its names, a synced file its bytes and nothing more: POSIX promises no name with it. */
const sync = (disk: Disk, name: string): void => {
  if (name === '') {
    for (const change of disk.pendingNames) change.apply(disk.durableNames)
    disk.pendingNames = []
    return
  }
  const file = disk.names.get(name)
  if (!file) return
  file.durable = contentOf(file, everything)
  file.pending = []
}

const whole = (change: Pending) => [{ from: 0, to: change.kind === 'write' ? change.data.length : 1 }]
const everything: Fate = { name: 'all of it', hasName: () => true, partOf: whole }
const nothing: Fate = { name: 'nothing that was not synced', hasName: () => false, partOf: () => [] }

const fatesAt = (order: number, random: Random, count: number): readonly Fate[] => [
  everything,
  nothing,
  ...Array.from({ length: Math.max(0, count - 2) }, (_, index) =>
    index % 3 === 0 ? cutFate(order, random) : anyFate(order, random),
  ),
]

/** Everything before one change, and of that change the first bytes. */
const cutFate = (order: number, random: Random): Fate => {
  const cut = Math.max(0, order - random.int(0, 12))
  const share = random.int(0, 100) / 100
  return {
    name: `cut in change ${cut}`,
    hasName: (at) => at < cut,
    partOf: (change) => {
      if (change.order !== cut || change.kind !== 'write') return change.order < cut ? whole(change) : []
      return [{ from: 0, to: Math.floor(change.data.length * share) }]
    },
  }
}

/** Each change with some luck, each sector of it with some luck; names keep their order, as in a journal. */
const anyFate = (order: number, random: Random): Fate => {
  const luck = random.pick([10, 50, 90])
  const sectorLuck = random.pick([30, 80, 100])
  const named = random.int(order - 20, order + 1)
  return {
    name: `some of it (${luck} % of the changes, ${sectorLuck} % of their sectors)`,
    hasName: (at) => at < named,
    partOf: (change) => {
      if (!random.chance(luck)) return []
      if (change.kind === 'truncate') return whole(change)
      return sectorsOf(change).filter(() => random.chance(sectorLuck))
    },
  }
}

/** The parts of a write that lie in one sector each. */
const sectorsOf = ({ offset, data }: Extract<Pending, { kind: 'write' }>) => {
  const parts: { from: number; to: number }[] = []
  for (let from = 0; from < data.length;) {
    const to = Math.min(data.length, from + sectorBytes - ((offset + from) % sectorBytes))
    parts.push({ from, to })
    from = to
  }
  return parts
}

const filesAfter = ({ durableNames, pendingNames }: Disk, fate: Fate): ReadonlyMap<string, Buffer> => {
  const names = new Map(durableNames)
  for (const change of pendingNames) if (fate.hasName(change.order)) change.apply(names)
  return new Map([...names].map(([name, file]) => [name, contentOf(file, fate)]))
}

const contentOf = ({ durable, pending }: DiskFile, fate: Fate): Buffer => {
  if (pending.length === 0) return durable
  const ends = pending.map((change) => (change.kind === 'write' ? change.offset + change.data.length : change.length))
  const content = Buffer.alloc(Math.max(durable.length, ...ends))
  let length = durable.copy(content)
  for (const change of pending) {
    for (const { from, to } of fate.partOf(change)) {
      if (change.kind === 'truncate') {
        content.fill(0, change.length)
        length = change.length
      } else {
        change.data.copy(content, change.offset + from, from, to)
        length = Math.max(length, change.offset + to)
      }
    }
  }
  return content.subarray(0, length)
}

const keyOf = (files: ReadonlyMap<string, Buffer>, said: number): string => {
  const hash = createHash('sha1').update(String(said))
  for (const [name, content] of [...files].toSorted(([a], [b]) => a.localeCompare(b))) {
    hash.update(`\0${name}\0${content.length}\0`).update(content)
  }
  return hash.digest('base64')
}
