import { setImmediate } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import { finishingSteps } from '../../../src-shared/replica/finishing.ts'
import type { Disk } from '../environment.ts'
import { countRows } from '../replica/count-rows.ts'
import { diskProblem } from '../sqlite.ts'
import { addPart, beginLoad, finishLoad, progressOf, requireHash, unpacking } from './load-parts.ts'
import type { ReplicaFile, ReplicaWork } from './replica-work.ts'

/** Does the work where it is called, with a pause between its steps. Errors of the disk are named as people are told. */
export const workInPlace = (disk: Disk): ReplicaWork => ({
  progressOf: async (target) => named(() => progressOf(disk, target)),
  forget: async ({ file }) => named(() => disk.remove(file)),
  begin: async (target, manifest) => named(() => beginLoad(disk, target, manifest)),
  unpack: async (facts, packed) => {
    requireHash(facts, packed)
    return zstdDecompressSync(packed, unpacking(facts))
  },
  addPart: async (target, number, raw) => named(() => addPart(target, number, raw)),
  finish: async (target) => named(() => finishLoad(disk, target)),
  makeIndexes: async (target) => named(() => makeIndexes(disk, target)),
  countRows: async (target) => named(() => countRowsOf(disk, target)),
})

/** Of a thread only the name of an error comes back. */
const named = async <T>(work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw diskProblem(error) ?? error
  }
}

const countRowsOf = (disk: Disk, { file, key }: ReplicaFile): number => {
  const db = disk.open(file, { key, synchronous: 'NORMAL', readonly: true })
  try {
    return countRows(db)
  } finally {
    db.close()
  }
}

const makeIndexes = async (disk: Disk, { file, key }: ReplicaFile): Promise<void> => {
  const db = disk.open(file, { key, synchronous: 'NORMAL' })
  try {
    db.pragma('cache_size = -65536')
    db.pragma('wal_autocheckpoint = 8000')
    for (const step of finishingSteps(db)) {
      step()
      await setImmediate()
    }
    db.pragma('wal_checkpoint(PASSIVE)')
  } finally {
    db.close()
  }
}
