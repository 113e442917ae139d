import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { findBinaries, prepareBinaries } from '../../../sync-server/db/embedded-binaries.ts'
import { type Cluster, openCluster } from '../../../sync-server/db/embedded-cluster.ts'
import { choosePlace, rootFolder } from '../../../sync-server/db/embedded-place.ts'
import { findPostmaster, launchPostmaster } from '../../../sync-server/db/embedded-postmaster.ts'
import { freePort } from '../../../sync-server/db/free-port.ts'
import { migrate } from '../../../sync-server/db/migrate.ts'
import { serverPassword } from '../../support/foyer-database.ts'
import type { Urls } from './ground.ts'

/** A PostgreSQL of its own, with its real settings for safety, that can be killed, restarted and failed over. */
export interface OwnPostgres {
  readonly cluster: Cluster
  readonly port: number
  readonly urls: Urls
  readonly start: () => Promise<void>
  /** SIGQUIT is an immediate shutdown, as after a power cut; SIGKILL leaves children behind for a moment. */
  readonly end: (signal: 'SIGQUIT' | 'SIGKILL' | 'SIGINT') => Promise<void>
  readonly query: (sql: string) => Promise<readonly Record<string, unknown>[]>
}

const database = 'foyer'

/** A folder that the PostgreSQL user can pass. */
export const postgresFolder = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'foyer-postgres-'))
  chmodSync(folder, 0o755)
  return folder
}

export const createPostgres = async (folder: string): Promise<OwnPostgres> => {
  const place = await choosePlace(folder, () => undefined)
  const binaries = await prepareBinaries(await findBinaries(), place.user ? rootFolder : place.folder, place.user)
  const cluster = await openCluster(place, binaries, { log: () => undefined, fast: false })
  const postgres = postgresOf(cluster, await freePort())
  await postgres.start()
  await execute(urlOf(postgres, 'postgres'), `create database ${database}`)
  await migrate({ url: postgres.urls.adminUrl, serverPassword })
  return postgres
}

/** A copy that follows the other one, for which every commit there waits from now on. */
export const createStandby = async (primary: OwnPostgres, folder: string): Promise<OwnPostgres> => {
  await primary.query("alter system set synchronous_standby_names = '*'")
  await primary.end('SIGINT')
  mkdirSync(folder, { mode: 0o755 })
  const data = path.join(folder, 'data')
  const { cluster } = primary
  const copied = spawnSync('cp', ['-a', cluster.data, data])
  if (copied.status !== 0) throw new Error(`The data could not be copied: ${String(copied.stderr)}`)
  const connection = `host=127.0.0.1 port=${primary.port} user=postgres password=${cluster.password}`
  writeOwned(cluster, path.join(data, 'postgresql.auto.conf'), `primary_conninfo = '${connection}'\n`)
  writeOwned(cluster, path.join(data, 'standby.signal'), '')
  writeOwned(cluster, path.join(folder, 'server.log'), '')
  const standby = postgresOf({ ...cluster, data, logFile: path.join(folder, 'server.log') }, await freePort())
  await Promise.all([primary.start(), standby.start()])
  return standby
}

const writeOwned = ({ user }: Cluster, file: string, text: string): void => {
  rmSync(file, { force: true })
  writeFileSync(file, text, { mode: 0o600 })
  if (user) chownSync(file, user.uid, user.gid)
}

const postgresOf = (cluster: Cluster, port: number): OwnPostgres => {
  const adminUrl = urlOf({ cluster, port }, database)
  const serverUrl = Object.assign(new URL(adminUrl), { username: 'foyer_server', password: serverPassword }).href
  const pidOf = async (): Promise<number | undefined> => {
    const found = await findPostmaster(cluster)
    return found?.isAlive ? found.pid : undefined
  }
  return {
    cluster,
    port,
    urls: { adminUrl, serverUrl },
    start: async () => {
      for (;;) {
        // After SIGKILL its children hold the data for a moment.
        const launch = await launchPostmaster(cluster, port, false)
        while (launch.isRunning()) {
          if (await answers(urlOf({ cluster, port }, 'postgres'))) return
          await delay(20)
        }
        await delay(100)
      }
    },
    end: async (signal) => {
      const pid = await pidOf()
      if (pid !== undefined) process.kill(pid, signal)
      while ((await pidOf()) !== undefined) await delay(10)
    },
    query: (sql) => execute(adminUrl, sql),
  }
}

const urlOf = ({ cluster, port }: Pick<OwnPostgres, 'cluster' | 'port'>, name: string): string =>
  `postgres://postgres:${cluster.password}@127.0.0.1:${port}/${name}`

const execute = async (url: string, sql: string): Promise<readonly Record<string, unknown>[]> => {
  const client = new Client({ connectionString: url })
  // It is expected to break.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

const answers = async (url: string): Promise<boolean> => {
  try {
    await execute(url, 'select 1')
    return true
  } catch {
    return false
  }
}
