import { statfsSync } from 'node:fs'

/** Bytes that are free where a folder is. */
export type FreeBytes = (folder: string) => number

export const freeBytesOf: FreeBytes = (folder) => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** What snapshots leave free, in bytes. PostgreSQL stops on a disk that is full; without snapshots the log alone brings everything. */
export const leastFreeBytes = 2_000_000_000

/** Throws where there is so little room that the rest is for others. */
export const requireRoom = (folder: string, freeBytes: FreeBytes): void => {
  const free = freeBytes(folder)
  if (free >= leastFreeBytes) return
  throw new Error(
    `No snapshot is made: ${Math.floor(free / 1e6)} MB are free in ${folder}, and ${leastFreeBytes / 1e6} MB stay so for others.`,
  )
}
