import type { SnapshotManifest } from '../../../src-shared/contract/snapshot.ts'

/** The file of a replica that nobody has open, or reads only. */
export interface ReplicaFile {
  readonly file: string
  /** 32 bytes. */
  readonly key: Uint8Array
}

/** How far a snapshot has been loaded into a file. */
export interface LoadProgress {
  readonly manifest: SnapshotManifest
  /** Parts that are in; they are loaded in order. */
  readonly partsDone: number
}

/** What a part must be. */
export interface PartFacts {
  readonly sha256: string
  readonly raw_bytes: number
}

/**
 * Work on whole replicas, seconds of it: in a thread of its own, so that the desk goes on meanwhile; where there is none
 * (tests, the simulator), in place.
 */
export interface ReplicaWork {
  /** Undefined where no load was begun, or none that could go on. */
  readonly progressOf: (target: ReplicaFile) => Promise<LoadProgress | undefined>
  /** Deletes the file. */
  readonly forget: (target: ReplicaFile) => Promise<void>
  /** Makes the file anew, empty. */
  readonly begin: (target: ReplicaFile, manifest: SnapshotManifest) => Promise<void>
  /** The database of a part, out of what was sent. Throws DamagedPart. */
  readonly unpack: (facts: PartFacts, packed: Uint8Array) => Promise<Uint8Array>
  /** Adds the next part, unpacked, in one transaction. Its bytes are of no use to the caller afterwards. */
  readonly addPart: (target: ReplicaFile, number: number, raw: Uint8Array) => Promise<void>
  /** After the last part: what a replica needs to be used. */
  readonly finish: (target: ReplicaFile) => Promise<void>
  /** Indexes and search index of a replica that was filled from the log. */
  readonly makeIndexes: (target: ReplicaFile) => Promise<void>
  /** Rows of the facility. Reads all of it. */
  readonly countRows: (target: ReplicaFile) => Promise<number>
}

/** What was received is not what the server made, or not what this program can use. */
export class DamagedPart extends Error {
  constructor(reason: string) {
    super(`The part of the snapshot cannot be used: ${reason}`)
    this.name = 'DamagedPart'
  }
}
