import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import path from 'node:path'

const source = path.join(import.meta.dirname, 'disk-shim.c')
const cache = path.join(import.meta.dirname, '../../../node_modules/.cache/foyer-faults')

/** Where the compiled shim is, or why there is none on this machine. */
export type Shim = { readonly library: string } | { readonly missing: string }

/** Compiles the library that stands between a program and its disk, with Debian's compiler where none is installed. */
export const buildShim = (): Shim => {
  if (process.platform !== 'linux') return { missing: `LD_PRELOAD does not work on ${process.platform}` }
  const library = path.join(cache, `disk-shim-${createHash('sha256').update(readFileSync(source)).digest('hex')}.so`)
  if (existsSync(library)) return { library }
  const compiler = findCompiler() ?? (installCompiler() ? findCompiler() : undefined)
  if (!compiler) return { missing: 'there is no C compiler (gcc or cc) here and it could not be installed' }
  mkdirSync(cache, { recursive: true })
  const unfinished = `${library}.${process.pid}`
  const args = ['-O2', '-shared', '-fPIC', '-o', unfinished, source, '-ldl']
  const { status, stderr } = spawnSync(compiler, args, { encoding: 'utf8' })
  if (status !== 0) return { missing: `the C compiler failed: ${stderr}` }
  renameSync(unfinished, library)
  return { library }
}

const findCompiler = (): string | undefined =>
  ['gcc', 'cc', 'clang'].find((compiler) => spawnSync(compiler, ['--version']).status === 0)

const installCompiler = (): boolean => {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return false
  console.log('No C compiler here: installing the Debian package.')
  const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const
  try {
    execFileSync('apt-get', ['update', '-q'], options)
    execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'gcc', 'libc6-dev'], options)
    return true
  } catch {
    return false
  }
}
