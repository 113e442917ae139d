import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

const root = join(import.meta.dirname, '..')
const sources = [
  'src-renderer',
  'src-shared',
  'src-main',
  'src-preload',
  'electron.vite.config.ts',
  'package-lock.json',
]
const outputs = ['out/renderer/index.html', 'out/preload/preload.cjs', 'out/main/main.js']

/** Builds the window, the preload and the Electron shell when they are missing or older than their sources. */
export const buildIfStale = (log: (line: string) => void): void => {
  const oldest = Math.min(...outputs.map((file) => statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0))
  if (sources.every((source) => newestIn(join(root, source)) <= oldest)) return
  log('The window is built.')
  const electronVite = join(root, 'node_modules/electron-vite/bin/electron-vite.js')
  const build = spawnSync(process.execPath, [electronVite, 'build', '--logLevel', 'warn'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (build.status === 0) return
  throw new StartError(`The window could not be built:\n${build.stdout}${build.stderr}`.trimEnd())
}

const newestIn = (path: string): number => {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  // A folder's own time tells of files that were removed.
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))))
}
