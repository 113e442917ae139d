import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type SnapshotExtent, type SnapshotManifest, snapshotManifest } from '../../src-shared/contract/snapshot.ts'
import { snapshotFingerprint } from '../../src-shared/replica/snapshot-parts.ts'
import type { LogName } from '../shapes/handle.ts'

/** The folder of one log: its working copy, and a folder for each snapshot that is published. Nobody else may look. */
export const folderOf = (folder: string, { facilityId, audience }: LogName): string =>
  join(folder, `${facilityId}.${audience}`)

export const manifestFile = 'manifest.json'
export const partFile = (number: number): string => `${number}.zst`

export const fingerprint = createHash('sha256').update(snapshotFingerprint()).digest('hex')

/** What is published for a log, the latest position first. */
export const publishedIn = (folder: string, log: LogName, extent: SnapshotExtent): readonly SnapshotManifest[] => {
  const own = folderOf(folder, log)
  return namesIn(own)
    .filter((name) => !name.includes('.'))
    .flatMap((name) => readManifest(join(own, name)))
    .filter((manifest) => manifest.extent === extent)
    .toSorted((a, b) => b.position - a.position)
}

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
  } catch {
    // Nothing was ever published there.
    return []
  }
}

const readManifest = (folder: string): readonly SnapshotManifest[] => {
  try {
    const parsed = snapshotManifest.safeParse(JSON.parse(readFileSync(join(folder, manifestFile), 'utf8')))
    return parsed.success ? [parsed.data] : []
  } catch {
    // Not finished, or taken away just now.
    return []
  }
}

export interface PartOrder {
  readonly id: string
  /** From 0. */
  readonly part: number
  /** The byte to begin with, for who was cut off. */
  readonly from: number
}

/** A part from one of its bytes on; undefined when it is not there (any more). */
export const openPart = (
  folder: string,
  log: LogName,
  { id, part, from }: PartOrder,
): { readonly bytes: number; readonly body: Readable } | undefined => {
  const file = join(folderOf(folder, log), id, partFile(part))
  try {
    const bytes = statSync(file).size - from
    return bytes > 0 ? { bytes, body: createReadStream(file, { start: from }) } : undefined
  } catch {
    return undefined
  }
}
