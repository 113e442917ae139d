import { setTimeout as delay } from 'node:timers/promises'
import { findBinaries, prepareBinaries } from './embedded-binaries.ts'
import { type Cluster, openCluster, socketFolderOf } from './embedded-cluster.ts'
import { EmbeddedPostgresError } from './embedded-error.ts'
import { joinServer, type Keeper } from './embedded-keeper.ts'
import { choosePlace, rootFolder } from './embedded-place.ts'
import {
  findPostmaster,
  launchPostmaster,
  stopPostmaster,
  type Launch,
  type Postmaster,
} from './embedded-postmaster.ts'
import { freePort } from './free-port.ts'

export interface EmbeddedPostgres {
  /** Superuser URL, postgres://… on loopback. */
  readonly url: string
  /** The same through a socket of this machine; undefined where there is none. */
  readonly socketUrl: string | undefined
  /** Gives the server back, and stops it if no other program uses it. Close your own connections first. */
  readonly stop: () => Promise<void>
}

export interface EmbeddedPostgresOptions {
  /** Where the data are kept. For root it may turn out to be elsewhere, which is logged: see choosePlace. */
  readonly dataFolder: string
  /** Told in whole sentences what the operator may want to know. */
  readonly log?: (line: string) => void
  /** The port to take if it is free, else the next free one; without it any free port. */
  readonly port?: number
  /** Nothing is forced to the disk: for tests only. */
  readonly fast?: boolean
}

const readyWithin = 60_000
const pollEvery = 20
const relaunchAfter = 250

/**
 * Starts a PostgreSQL server for one machine, and creates its database the first time. A server that already runs on
 * these data is joined, whether another program of ours uses it or it was left behind by one that was killed; the last
 * program to stop stops the server. Throws EmbeddedPostgresError.
 */
export const startEmbeddedPostgres = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const log = options.log ?? (() => undefined)
  const { cluster, joined } = await prepareAndJoin(options, log)
  let stopping: Promise<void> | undefined
  void joined.launch?.exited.then(() => {
    if (!stopping) log('PostgreSQL has ended by itself: start Foyer again.')
  })
  const folder = socketFolderOf(cluster, options.fast ?? false)
  return {
    url: joined.url,
    socketUrl: folder && joined.url.replace('127.0.0.1', encodeURIComponent(folder)),
    stop: () => (stopping ??= stop(cluster, joined, log)),
  }
}

const prepareAndJoin = async (options: EmbeddedPostgresOptions, log: (line: string) => void) => {
  const { dataFolder, port, fast = false } = options
  try {
    const place = await choosePlace(dataFolder, log)
    const copies = place.user ? rootFolder : place.folder
    const binaries = await prepareBinaries(await findBinaries(), copies, place.user)
    const cluster = await openCluster(place, binaries, { log, fast })
    return { cluster, joined: await joinOrLaunch(cluster, { log, fast, port }) }
  } catch (error) {
    // What the system refuses: a full disk, missing permissions. Everything else is a bug or explains itself.
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new EmbeddedPostgresError(
      `The data folder ${dataFolder} cannot be used, choose another one: ${error.message}`,
    )
  }
}

interface LaunchOptions {
  readonly log: (line: string) => void
  readonly fast: boolean
  readonly port: number | undefined
}

interface Joined {
  readonly url: string
  /** The process id of the server. */
  readonly pid: number
  readonly keeper: Keeper
  /** Undefined if the server was there already. */
  readonly launch: Launch | undefined
}

/**
 * One loop for every case, since each can turn into another while we look: nobody is there, a server is starting or
 * stopping, another program has just won the race for the data or for the port.
 */
const joinOrLaunch = async (cluster: Cluster, options: LaunchOptions): Promise<Joined> => {
  const end = Date.now() + readyWithin
  let launch: Launch | undefined
  while (Date.now() < end) {
    const running = await findPostmaster(cluster)
    if (running?.isAlive) {
      const joined = await join(cluster, running, launch)
      if (joined && !joined.launch) options.log(`PostgreSQL already runs on these data (port ${running.port}).`)
      if (joined) return joined
    } else if (!launch?.isRunning()) {
      if (launch) await refuseUnlessPassing(cluster, launch)
      launch = await launchPostmaster(cluster, await choosePort(options), options.fast)
    }
    await delay(pollEvery)
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL was not ready within ${readyWithin / 1000} seconds: start again, and if that does not help, ` +
      `see ${cluster.logFile}.\n${(await launch?.lastLines()) ?? ''}`,
  )
}

const join = async (cluster: Cluster, server: Postmaster, launch: Launch | undefined): Promise<Joined | undefined> => {
  const url = `postgres://postgres:${cluster.password}@127.0.0.1:${server.port}/postgres`
  try {
    const keeper = await joinServer(url)
    return keeper && { url, pid: server.pid, keeper, launch: launch?.pid === server.pid ? launch : undefined }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EmbeddedPostgresError(
      `PostgreSQL runs but does not let us in: bring the password file beside ${cluster.data} back. (${reason})`,
    )
  }
}

const choosePort = async ({ port: wanted, log }: LaunchOptions): Promise<number> => {
  const port = await freePort(wanted)
  if (wanted && port !== wanted) log(`Port ${wanted} is taken, so PostgreSQL uses port ${port}.`)
  return port
}

/**
 * Why a launch may fail for the moment: another one won, the port went, the last sessions of a dead server are still
 * ending, or another program joined before us and stopped the server when it left.
 */
const passingReasons =
  /lock file .* (already exists|is empty)|shared memory block|could not bind .*: (?!Permission denied)|system is shut down/

const refuseUnlessPassing = async (cluster: Cluster, launch: Launch): Promise<void> => {
  const lines = await launch.lastLines()
  if (!passingReasons.test(lines)) {
    throw new EmbeddedPostgresError(`PostgreSQL does not start: see the reason below or ${cluster.logFile}.\n${lines}`)
  }
  await delay(relaunchAfter)
}

const stop = async (cluster: Cluster, { pid, keeper }: Joined, log: (line: string) => void): Promise<void> => {
  if (!(await keeper.leave())) {
    log('PostgreSQL goes on running: another program uses it.')
    return
  }
  const running = await findPostmaster(cluster)
  // If ours ended by itself, another program may have started the one that runs now.
  if (running?.isAlive && running.pid === pid) await stopPostmaster(cluster, running)
}
