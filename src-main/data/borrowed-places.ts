import { chmodSync, copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface BorrowedPlaces {
  /** A new folder with copies of the databases of this one; undefined where there is no room for them either. */
  readonly borrow: (folder: string) => string | undefined
  readonly giveBack: () => void
}

/** The copies are encrypted, as what they are of. */
const databases = /^(desk|replica-\d+)\.db(-wal)?$/

/** In the folder of the system for what need not last. */
export const borrowedPlaces = (): BorrowedPlaces => {
  const borrowed: string[] = []
  return {
    borrow: (folder) => {
      let place: string | undefined
      try {
        place = mkdtempSync(path.join(tmpdir(), 'foyer-read-only-'))
        const names = readdirSync(folder).filter((name) => databases.test(name))
        for (const name of names) copyWritable(path.join(folder, name), path.join(place, name))
        borrowed.push(place)
        return place
      } catch {
        // Half of a copy would only take the room of the next try.
        if (place !== undefined) rmSync(place, { recursive: true, force: true })
        return undefined
      }
    },
    giveBack: () => {
      for (const place of borrowed) rmSync(place, { recursive: true, force: true })
    },
  }
}

/** A copy has the permissions of the file, and it may be those that are the trouble. */
const copyWritable = (from: string, to: string): void => {
  copyFileSync(from, to)
  chmodSync(to, 0o600)
}
