import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { program } from './embedded-binaries.ts'
import { type Cluster, settings, socketFolderOf } from './embedded-cluster.ts'
import { EmbeddedPostgresError } from './embedded-error.ts'
import { run, spawnOptions } from './embedded-user.ts'

/** What postmaster.pid tells. The file outlives a kill -9, and its process id may have gone to another program. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** This process runs now, and it is the server of this very cluster. */
  readonly isAlive: boolean
}

export interface Launch {
  /** Undefined if it could not even be started. */
  readonly pid: number | undefined
  readonly isRunning: () => boolean
  readonly exited: Promise<void>
  /** What this server wrote into the log so far, its last lines. */
  readonly lastLines: () => Promise<string>
}

/** How long a server may take to shut down (it writes a checkpoint), and then to die, in milliseconds. */
const patience = { fast: 60_000, immediate: 10_000 }
const emptyFor = 10_000
const longestLog = 10_000_000

/** The server of this cluster by its pid file, whoever started it; undefined if there is no file. */
export const findPostmaster = async (cluster: Cluster): Promise<Postmaster | undefined> => {
  const text = await readFile(join(cluster.data, 'postmaster.pid'), 'utf8').catch(() => '')
  // Its lines: process (negative for a single-user session), data directory, start time, port, …; the file may be
  // caught half written.
  const [pid, , , port] = text.split('\n').map(Number)
  if (!pid || pid < 0 || !port) return undefined
  return { pid, port, isAlive: await isServerOf(cluster, pid) }
}

/**
 * Starts a server and does not wait until it is ready. It runs in a session of its own: Ctrl-C in the terminal goes to
 * us alone, and we stop it when our own connections are closed.
 */
export const launchPostmaster = async (cluster: Cluster, port: number, fast: boolean): Promise<Launch> => {
  await removeEmptyPidFile(cluster)
  const leftover = await findPostmaster(cluster)
  const log = await openLog(cluster)
  const { size } = await log.stat()
  const child = spawn(program(cluster.binaries, 'postgres'), serverArguments(cluster, port, fast), {
    ...spawnOptions(cluster.user, toleratePid(leftover)),
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  let isRunning = true
  let failure = ''
  const exited = new Promise<void>((resolve) => {
    child.once('exit', resolve)
    child.once('error', (error) => {
      failure = error.message
      resolve()
    })
  }).then(() => {
    isRunning = false
  })
  child.unref()
  await log.close()
  const lastLines = async () => [...(await readLog(cluster, size)), failure].slice(-12).join('\n').trim()
  return { pid: child.pid, isRunning: () => isRunning, exited, lastLines }
}

/** Stops this server: politely, which ends its connections, and if it hangs, like after a power cut, but never -9. */
export const stopPostmaster = async (cluster: Cluster, { pid }: Postmaster): Promise<void> => {
  await askToStop(cluster, pid, 'SIGINT')
  if (await isGone(cluster, pid, patience.fast)) return
  await askToStop(cluster, pid, 'SIGQUIT')
  if (await isGone(cluster, pid, patience.immediate)) return
  throw new EmbeddedPostgresError(`PostgreSQL (process ${pid}) does not stop: end it by hand. Its data are safe.`)
}

const serverArguments = (cluster: Cluster, port: number, fast: boolean): string[] => {
  const all = [`port=${port}`, ...settings({ fast, socketFolder: socketFolderOf(cluster, fast) })]
  return ['-D', cluster.data, ...all.flatMap((setting) => ['-c', setting])]
}

/**
 * PostgreSQL does not start while the process of an old pid file seems to be alive, although that may be any program of
 * the same user by now. Deleting the file would race with another start, which may have just made it its own. So we
 * name that one process as an ancestor, which PostgreSQL disregards; the file stays its business, and it still checks
 * that nobody uses the shared memory of this cluster.
 */
const toleratePid = (leftover: Postmaster | undefined): NodeJS.ProcessEnv =>
  leftover && !leftover.isAlive ? { PG_GRANDPARENT_PID: String(leftover.pid) } : {}

/**
 * A server fills the file in the instant after creating it. One that stays empty is of a server that was killed in that
 * instant, and PostgreSQL would not start until somebody deletes it.
 */
const removeEmptyPidFile = async ({ data }: Cluster): Promise<void> => {
  const file = join(data, 'postmaster.pid')
  const found = await stat(file).catch(() => undefined)
  if (found?.size === 0 && Date.now() - found.mtimeMs > emptyFor) await rm(file, { force: true })
}

const isServerOf = async ({ data }: Cluster, pid: number): Promise<boolean> => {
  if (process.platform === 'win32') return isAnyProcess(pid)
  // The command line can be read across users, the working directory not, even by root in a container.
  const line =
    process.platform === 'linux'
      ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      : (await run(undefined, 'ps', ['-p', String(pid), '-o', 'command='])).output
  const words = line.replaceAll('\0', ' ')
  return words.includes('postgres -D ') && words.includes(` ${data} `)
}

const isAnyProcess = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const askToStop = async (cluster: Cluster, pid: number, signal: 'SIGINT' | 'SIGQUIT'): Promise<void> => {
  if (!(await isServerOf(cluster, pid))) return
  if (process.platform === 'win32') {
    const mode = signal === 'SIGINT' ? 'fast' : 'immediate'
    await run(cluster.user, program(cluster.binaries, 'pg_ctl'), ['stop', '-W', '-D', cluster.data, '-m', mode])
    return
  }
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself meanwhile; if not, the wait that follows tells.
  }
}

const isGone = async (cluster: Cluster, pid: number, limit: number): Promise<boolean> => {
  const end = Date.now() + limit
  while (await isServerOf(cluster, pid)) {
    if (Date.now() > end) return false
    await delay(20)
  }
  return true
}

const openLog = async ({ logFile, user }: Cluster): Promise<FileHandle> => {
  const old = await stat(logFile).catch(() => undefined)
  if (old && old.size > longestLog) await rename(logFile, `${logFile}.1`)
  // The folder belongs to the PostgreSQL user: as root we must not follow a link that it may have put there.
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants
  const log = await open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600)
  if (user && (await log.stat()).size === 0) await log.chown(user.uid, user.gid)
  return log
}

const readLog = async ({ logFile }: Cluster, from: number): Promise<string[]> => {
  const bytes = await readFile(logFile).catch(() => Buffer.alloc(0))
  return bytes.subarray(from).toString().trim().split('\n')
}
