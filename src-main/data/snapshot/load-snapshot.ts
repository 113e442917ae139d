import { type SnapshotManifest, snapshotManifest } from '../../../src-shared/contract/snapshot.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import { fetchManifest, fetchPart, type Line, NotGiven } from './fetch-part.ts'
import { fingerprint } from './load-parts.ts'
import { DamagedPart, type LoadProgress, type ReplicaFile, type ReplicaWork } from './replica-work.ts'

export interface SnapshotParts extends Line {
  readonly work: ReplicaWork
  readonly onProgress: (rows: { readonly received: number; readonly total: number }) => void
  readonly onFault: (error: unknown) => void
}

/** `none`: the log alone brings everything. `stopped`: what is there stays, to go on with at the next start. */
export type Loaded = 'loaded' | 'none' | 'stopped'

/** A snapshot that is taken away while it is loaded is begun anew so often. */
const mostTries = 3

/**
 * Fills the target from the server's ready-made replica (SPEC F8). It waits through outages, and goes on with the part,
 * and the byte, where it was cut. Whatever else goes wrong ends in `none`, but for errors of the disk: those are thrown.
 */
export const loadSnapshot = async (parts: SnapshotParts, target: ReplicaFile): Promise<Loaded> => {
  for (let tries = 1; tries <= mostTries; tries += 1) {
    try {
      const begun = (await parts.work.progressOf(target)) ?? (await begin(parts, target))
      if (!begun) return 'none'
      await loadRest(parts, target, begun)
      await parts.work.finish(target)
      return 'loaded'
    } catch (error) {
      if (parts.signal.aborted) return 'stopped'
      if (error instanceof DomainError && error.code.startsWith('disk_')) throw error
      if (!(error instanceof NotGiven)) parts.onFault(error)
      if (!(error instanceof NotGiven && error.isGone)) return 'none'
      // Taken away while it was loaded: there should be a newer one.
      await parts.work.forget(target)
    }
  }
  return 'none'
}

/** Undefined when the server has none, or none for this program. */
const begin = async (parts: SnapshotParts, target: ReplicaFile): Promise<LoadProgress | undefined> => {
  const manifest = await offered(parts)
  if (!manifest) return undefined
  await parts.work.begin(target, manifest)
  return { manifest, partsDone: 0 }
}

const offered = async (parts: SnapshotParts): Promise<SnapshotManifest | undefined> => {
  try {
    const parsed = snapshotManifest.safeParse(await fetchManifest(parts))
    return parsed.success && parsed.data.fingerprint === fingerprint ? parsed.data : undefined
  } catch (error) {
    if (error instanceof NotGiven) return undefined
    throw error
  }
}

const rowsIn = ({ parts }: SnapshotManifest, partsDone: number): number =>
  parts.slice(0, partsDone).reduce((sum, { rows }) => sum + rows, 0)

/** While one part goes in, the next one comes. */
const loadRest = async (parts: SnapshotParts, target: ReplicaFile, begun: LoadProgress): Promise<void> => {
  const { manifest } = begun
  const fetched = (number: number): Promise<Uint8Array> | undefined => {
    if (number >= manifest.parts.length) return undefined
    const coming = fetchPart(parts, manifest, number)
    // It is looked at when its turn comes.
    coming.catch(() => undefined)
    return coming
  }
  let coming = fetched(begun.partsDone)
  for (let number = begun.partsDone; coming; number += 1) {
    parts.onProgress({ received: rowsIn(manifest, number), total: manifest.rows })
    const packed = await coming
    coming = fetched(number + 1)
    await addOrFetchAgain(parts, target, { manifest, number, packed })
  }
  parts.onProgress({ received: manifest.rows, total: manifest.rows })
}

interface Arrived {
  readonly manifest: SnapshotManifest
  readonly number: number
  readonly packed: Uint8Array
}

/** What was damaged on its way comes whole the second time. */
const addOrFetchAgain = async (
  parts: SnapshotParts,
  target: ReplicaFile,
  { manifest, number, packed }: Arrived,
): Promise<void> => {
  parts.signal.throwIfAborted()
  const facts = manifest.parts[number]
  if (!facts) return
  const order = { number, sha256: facts.sha256, raw_bytes: facts.raw_bytes }
  try {
    await parts.work.addPart(target, order, packed)
  } catch (error) {
    if (!(error instanceof DamagedPart)) throw error
    await parts.work.addPart(target, order, await fetchPart(parts, manifest, number))
  }
}
