import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { changed } from './record.ts'

/** What a simulated run depends on. */
const parts = ['build', 'migrations', 'package-lock.json', 'src-main', 'src-shared', 'sync-server']

/** The commit of the program that runs, marked where its files are not as they were committed. */
export const programCommit = (): string => {
  const root = path.join(import.meta.dirname, '../..')
  const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  try {
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--', ...parts) === '' ? '' : changed)
  } catch {
    // Installed without git: as good as changed.
    return `unknown${changed}`
  }
}
