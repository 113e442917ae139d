import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../../sync-server/db/embedded.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser URL of the PostgreSQL server that the tests of this run share. */
    readonly postgresUrl: string
  }
}

const prefix = 'foyer-tests-'

/** Starts a server for the tests of one run, without any fsync, and removes it with its data at the end. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  await removeLeftovers()
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
  // A temporary folder is for its owner alone, but for root PostgreSQL runs as another user.
  await chmod(folder, 0o755)
  const postgres = await startEmbeddedPostgres({ dataFolder: folder, fast: true })
  project.provide('postgresUrl', postgres.url)
  return async () => {
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** A run that was killed leaves its server running, and its folder. The name says which process it was. */
const removeLeftovers = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN
    const folder = join(tmpdir(), name)
    if (!pid || isRunning(pid) || (await stat(folder)).uid !== process.getuid?.()) continue
    // Joins the server if there is one, so that it can be stopped.
    const leftover = await startEmbeddedPostgres({ dataFolder: folder, fast: true }).catch(() => undefined)
    await leftover?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // A process of another user: its folder is not ours to remove.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
