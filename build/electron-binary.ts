import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../node_modules/electron')

/** Electron's program: the one that FOYER_ELECTRON names, or what was downloaded. */
export const findElectron = (): string | undefined =>
  [process.env['FOYER_ELECTRON'], downloaded()].find((path) => path && existsSync(path))

/** Asked of the files, because the package itself would download it. */
const downloaded = (): string | undefined => {
  try {
    return join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8').trim())
  } catch {
    return undefined
  }
}
