import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Undefined when there is none. */
export const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Written beside, synced and renamed, so that a power cut leaves the old or the new one (FAULTS D3). */
export const writeWhole = (file: string, text: string): void => {
  const fresh = `${file}.new`
  inFile(fresh, 'w', (handle) => {
    // All of it, or an error: a disk that has room for the beginning takes just that from a single write.
    writeFileSync(handle, text)
    fsyncSync(handle)
  })
  renameSync(fresh, file)
  syncFolder(path.dirname(file))
}

/** What was made, renamed or deleted in it stays so after a power cut. */
export const syncFolder = (folder: string): void => {
  // Windows cannot open a folder to sync it; its rename is durable by itself.
  if (process.platform === 'win32') return
  inFile(folder, 'r', fsyncSync)
}

const inFile = (file: string, flags: 'r' | 'w', work: (handle: number) => void): void => {
  const handle = openSync(file, flags, 0o600)
  try {
    work(handle)
  } finally {
    closeSync(handle)
  }
}
