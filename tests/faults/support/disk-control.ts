import { openSync, readFileSync } from 'node:fs'

export type DiskFault = 'enospc' | 'eio' | 'short' | 'fsync' | 'rofs' | 'kill'

/** Tells the shim of this process (disk-shim.c). */
const order = (text: string): void => {
  try {
    openSync(`/foyer-fault/${text}`, 'r')
  } catch {
    // It has no such file; it has heard us.
  }
}

/** The changes of files below this folder matter. */
export const watchFolder = (folder: string): void => order(`folder=${folder}`)
export const logChanges = (file: string): void => order(`log=${file}`)
/** A line of ours among the changes. */
export const mark = (text: string): void => order(`mark=${text}`)
/** Changes `from` to `from + times - 1` fail, counted from now; all of them from there on without `times`. */
export const failChanges = (fault: DiskFault, from: number, times = 0): void => order(`fail=${fault}:${from}:${times}`)
export const endFaults = (): void => order('clear')
/** Changes since the last order to count. */
export const changeCount = (): number => Number(readFileSync('/foyer-fault/count', 'utf8'))
