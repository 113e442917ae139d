import { setTimeout as delay } from 'node:timers/promises'
import { findBinaries, prepareBinaries } from './embedded-binaries.ts'
import { openCluster, type Cluster } from './embedded-cluster.ts'
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
  const fast = options.fast ?? false
  const cluster = await prepare(options.dataFolder, log, fast)
  const { url, keeper, launch } = await joinOrLaunch(cluster, { log, fast, port: options.port })
  let stopping: Promise<void> | undefined
  void launch?.exited.then(() => {
    if (!stopping) log('PostgreSQL has ended by itself: start Foyer again.')
  })
  return { url, stop: () => (stopping ??= stop(cluster, keeper, log)) }
}

const prepare = async (dataFolder: string, log: (line: string) => void, fast: boolean): Promise<Cluster> => {
  try {
    const place = await choosePlace(dataFolder, log)
    const copies = place.user ? rootFolder : place.folder
    const binaries = await prepareBinaries(await findBinaries(), copies, place.user)
    return await openCluster(place, binaries, { log, fast })
  } catch (error) {
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
    return keeper && { url, keeper, launch: launch?.pid === server.pid ? launch : undefined }
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

/** Why a launch may fail for the moment: another one won, the port went, the last sessions of a dead server end. */
const passingReasons = /lock file .* already exists|shared memory block|could not bind .*: (?!Permission denied)/

const refuseUnlessPassing = async (cluster: Cluster, launch: Launch): Promise<void> => {
  const lines = await launch.lastLines()
  if (!passingReasons.test(lines)) {
    throw new EmbeddedPostgresError(`PostgreSQL does not start: see the reason below or ${cluster.logFile}.\n${lines}`)
  }
  await delay(relaunchAfter)
}

const stop = async (cluster: Cluster, keeper: Keeper, log: (line: string) => void): Promise<void> => {
  if (!(await keeper.leave())) {
    log('PostgreSQL goes on running: another program uses it.')
    return
  }
  const running = await findPostmaster(cluster)
  if (running?.isAlive) await stopPostmaster(cluster, running)
}
