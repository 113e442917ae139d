import { type SnapshotExtent, type SnapshotManifest, snapshotManifest } from '../../../src-shared/contract/snapshot.ts'
import { isOfDisk } from '../sqlite.ts'
import { fetchManifest, fetchPart, type Line, NotGiven } from './fetch-part.ts'
import { fingerprint } from './load-parts.ts'
import { DamagedPart, type LoadProgress, type ReplicaFile, type ReplicaWork } from './replica-work.ts'

export interface SnapshotParts extends Line {
  readonly extent: SnapshotExtent
  readonly work: ReplicaWork
  readonly onProgress: (rows: { readonly received: number; readonly total: number }) => void
  readonly onFault: (error: unknown) => void
}

/** `none`: the log alone brings everything. `stopped`: what is there stays, to go on with at the next start. */
export type Loaded = 'loaded' | 'none' | 'stopped'

/** A snapshot that is taken away while it is loaded is begun anew so often. */
const mostTries = 3

/**
 * Fills the target from the server's ready-made replica (SPEC F10). It waits through outages, and goes on with the part,
 * and the byte, where it was cut. Whatever else goes wrong ends in `none`, but for errors of the disk: those are thrown.
 */
export const loadSnapshot = async (parts: SnapshotParts, target: ReplicaFile): Promise<Loaded> => {
  for (let tries = 1; tries <= mostTries; tries += 1) {
    try {
      const begun = (await begunBefore(parts, target)) ?? (await begin(parts, target))
      if (!begun) return 'none'
      await loadRest(parts, target, begun)
      await parts.work.finish(target)
      return 'loaded'
    } catch (error) {
      if (parts.signal.aborted) return 'stopped'
      if (isOfDisk(error)) throw error
      if (!(error instanceof NotGiven)) parts.onFault(error)
      if (!(error instanceof NotGiven && error.isGone)) return 'none'
      // Taken away while it was loaded: there should be a newer one.
      await parts.work.forget(target)
    }
  }
  return 'none'
}

/** The same for a device that shows nothing yet: today is enough for it, unless more was begun already (SPEC F12). */
export const loadTodayFirst = async (parts: SnapshotParts, target: ReplicaFile): Promise<Loaded> => {
  if ((await begunBefore(parts, target)) === undefined) {
    const today = await loadSnapshot({ ...parts, extent: 'today' }, target)
    if (today !== 'none') return today
  }
  return loadSnapshot(parts, target)
}

const begunBefore = async ({ work, extent }: SnapshotParts, target: ReplicaFile): Promise<LoadProgress | undefined> => {
  const progress = await work.progressOf(target)
  return progress?.manifest.extent === extent ? progress : undefined
}

/** Undefined when the server has none, or none for this program. */
const begin = async (parts: SnapshotParts, target: ReplicaFile): Promise<LoadProgress | undefined> => {
  const manifest = await offeredSnapshot(parts, parts.extent)
  if (!manifest) return undefined
  await parts.work.begin(target, manifest)
  return { manifest, partsDone: 0 }
}

/** What the server has for this program, if anything. */
export const offeredSnapshot = async (line: Line, extent: SnapshotExtent): Promise<SnapshotManifest | undefined> => {
  try {
    const parsed = snapshotManifest.safeParse(await fetchManifest(line, extent))
    const isUsable = parsed.success && parsed.data.extent === extent && parsed.data.fingerprint === fingerprint
    return isUsable ? parsed.data : undefined
  } catch (error) {
    if (error instanceof NotGiven) return undefined
    throw error
  }
}

const rowsIn = ({ parts }: SnapshotManifest, partsDone: number): number =>
  parts.slice(0, partsDone).reduce((sum, { rows }) => sum + rows, 0)

/** Parts that come and are unpacked while one goes in: a line that pauses is not waited for. */
const partsAhead = 2

const loadRest = async (
  parts: SnapshotParts,
  target: ReplicaFile,
  { manifest, partsDone }: LoadProgress,
): Promise<void> => {
  const coming: Promise<Uint8Array>[] = []
  let next = partsDone
  const fetchAhead = (): void => {
    for (; coming.length < partsAhead && next < manifest.parts.length; next += 1) {
      const part = fetchWhole(parts, manifest, next)
      // It is looked at when its turn comes.
      part.catch(() => undefined)
      coming.push(part)
    }
  }
  fetchAhead()
  for (let number = partsDone; number < next; number += 1) {
    parts.onProgress({ received: rowsIn(manifest, number), total: manifest.rows })
    const raw = await coming.shift()
    fetchAhead()
    parts.signal.throwIfAborted()
    if (raw) await parts.work.addPart(target, number, raw)
  }
  parts.onProgress({ received: manifest.rows, total: manifest.rows })
}

/** What was damaged on its way comes whole the second time. */
const fetchWhole = async (parts: SnapshotParts, manifest: SnapshotManifest, number: number): Promise<Uint8Array> => {
  const facts = manifest.parts[number]
  if (!facts) throw new Error(`There is no part ${number}`)
  try {
    return await parts.work.unpack(facts, await fetchPart(parts, manifest, number))
  } catch (error) {
    if (!(error instanceof DamagedPart)) throw error
    return parts.work.unpack(facts, await fetchPart(parts, manifest, number))
  }
}
