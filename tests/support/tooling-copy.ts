import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export const programs = ['src-shared', 'src-main', 'src-preload', 'src-renderer', 'sync-server', 'build', 'tests']

const configuration = [
  '.oxfmtrc.json',
  '.oxlintrc.json',
  'knip.json',
  'package.json',
  'tsconfig.base.json',
  'tsconfig.json',
  ...programs.map((program) => `${program}/tsconfig.json`),
]

/** The repo's configuration in an empty folder: a place to plant mistakes where nobody works. */
export interface ToolingCopy {
  readonly write: (path: string, text: string) => void
  readonly run: (tool: string, ...args: readonly string[]) => Promise<{ exitCode: number; output: string }>
  readonly remove: () => void
}

export const copyTooling = (): ToolingCopy => {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-tooling-'))
  for (const path of configuration) cpSync(join(root, path), join(folder, path))
  linkPackages(folder)
  return {
    write: (path, text) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    },
    run: async (tool, ...args) => run(folder, tool, args),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Link by link: with node_modules linked as a whole, tsc would write into the real cache. */
const linkPackages = (folder: string): void => {
  const packages = join(root, 'node_modules')
  mkdirSync(join(folder, 'node_modules'))
  for (const name of readdirSync(packages).filter((entry) => entry !== '.cache')) {
    symlinkSync(join(packages, name), join(folder, 'node_modules', name), 'junction')
  }
}

const run: (cwd: string, tool: string, args: readonly string[]) => ReturnType<ToolingCopy['run']> = async (
  cwd,
  tool,
  args,
) =>
  new Promise((resolve, reject) => {
    const child = spawn(join(root, 'node_modules/.bin', tool), args, { cwd, shell: process.platform === 'win32' })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output }))
  })
