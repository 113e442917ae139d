import { setImmediate } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import { finishingSteps } from '../../../src-shared/replica/finishing.ts'
import type { Disk } from '../environment.ts'
import { countRows } from '../replica/count-rows.ts'
import { addPart, beginLoad, finishLoad, progressOf, requireHash, unpacking } from './load-parts.ts'
import type { ReplicaFile, ReplicaWork } from './replica-work.ts'

/** Does the work where it is called, with a pause between its steps. */
export const workInPlace = (disk: Disk): ReplicaWork => ({
  progressOf: async (target) => progressOf(disk, target),
  forget: async ({ file }) => disk.remove(file),
  begin: async (target, manifest) => beginLoad(disk, target, manifest),
  unpack: async (facts, packed) => {
    requireHash(facts, packed)
    return zstdDecompressSync(packed, unpacking(facts))
  },
  addPart: async (target, number, raw) => addPart(target, number, raw),
  finish: async (target) => finishLoad(disk, target),
  makeIndexes: async (target) => makeIndexes(disk, target),
  countRows: async ({ file, key }) => {
    const db = disk.open(file, { key, synchronous: 'NORMAL', readonly: true })
    try {
      return countRows(db)
    } finally {
      db.close()
    }
  },
})

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
