/**
 * `npm run scale -- [--facilities 200] [--devices 10] [--writes 50,100,200] [--servers 1,2] [--seconds 15] [--json]`: how many
 * devices one machine serves. Real HTTP connections, each holding a live request, and devices that check children in.
 */
import { fork } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { loadOrCreateKeys } from '../sync-server/auth/keys.ts'
import { signToken } from '../sync-server/auth/tokens.ts'
import { startEmbeddedPostgres } from '../sync-server/db/embedded.ts'
import { migrate } from '../sync-server/db/migrate.ts'
import type { LoadAnswer, LoadOrder, WriteResult } from './scale/messages.ts'
import { seedFacilities } from './scale/seed.ts'
import { sampleWaits, type Waits } from './scale/waits.ts'
import { usageOf, withChildren } from './scale/usage.ts'
import { prepareServer, type ServerProcess } from './server.ts'

const { values: options } = parseArgs({
  options: {
    facilities: { type: 'string', default: '200' },
    devices: { type: 'string', default: '10' },
    writes: { type: 'string', default: '50' },
    servers: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
  },
})
const size = { facilities: Number(options.facilities), devicesPerFacility: Number(options.devices) }
const numbersIn = (text: string): readonly number[] => text.split(',').map(Number)
const log = (line: string): void => console.error(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${line}`)

const folder = mkdtempSync(join(tmpdir(), 'foyer-scale-'))
// For root, PostgreSQL runs as another user.
chmodSync(folder, 0o755)
const stops: (() => Promise<unknown>)[] = []
let stopping: Promise<void> | undefined
const stop = async (): Promise<void> => {
  for (const each of stops.splice(0).toReversed()) await each()
  rmSync(folder, { recursive: true, force: true })
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void (stopping ??= stop().finally(() => process.exit(1))))
}

const prepareDatabase = async () => {
  const postgres = await startEmbeddedPostgres({ dataFolder: join(folder, 'postgres') })
  stops.push(postgres.stop)
  const client = new Client({ connectionString: postgres.url })
  await client.connect()
  await client.query('create database foyer')
  const { rows } = await client.query<{ data_directory: string }>('show data_directory')
  await client.end()
  const url = Object.assign(new URL(postgres.url), { pathname: 'foyer' }).href
  const serverPassword = 'scale'
  await migrate({ url, serverPassword })
  log(`${size.facilities} facilities with ${size.devicesPerFacility} devices each …`)
  const devices = await seedFacilities(url, size)
  const serverUrl = Object.assign(new URL(url), { username: 'foyer_server', password: serverPassword }).href
  const observer = new Client({ connectionString: url, application_name: 'foyer scale' })
  await observer.connect()
  stops.push(() => observer.end())
  const [postmaster = ''] = readFileSync(join(rows[0]?.data_directory ?? '', 'postmaster.pid'), 'utf8').split('\n')
  return { devices, serverUrl, observer, postmaster: Number(postmaster) }
}

const database = await prepareDatabase()
const keysFile = join(folder, 'keys.json')
const keys = await loadOrCreateKeys(keysFile)

const startServers = async (count: number): Promise<readonly ServerProcess[]> => {
  const servers = Array.from({ length: count }, (_, number) =>
    prepareServer({
      dataFolder: join(folder, `server-${number}`),
      databaseUrl: database.serverUrl,
      env: { FOYER_KEYS_FILE: keysFile, DEVICE_REQUESTS: '100000', ADDRESS_CONNECTIONS: '100000' },
    }),
  )
  // One after the other, so that no two take the same port.
  for (const server of servers) await server.start()
  return servers
}

/** Devices as a process of its own, so that what they cost is not counted for the server. */
const startLoad = () => {
  const child = fork(join(import.meta.dirname, 'scale/load.ts'))
  return {
    pid: child.pid ?? 0,
    stop: () => child.kill(),
    tell: async (order: LoadOrder): Promise<LoadAnswer> => {
      const { promise, resolve, reject } = Promise.withResolvers<LoadAnswer>()
      child.once('message', (answer: LoadAnswer) => resolve(answer))
      child.once('exit', () => reject(new Error('The devices have ended')))
      child.send(order)
      return promise
    },
  }
}

interface Line extends WriteResult {
  readonly servers: number
  readonly held: number
  readonly asked: number
  readonly memoryPerHeldKb: number
  /** Shares of one core. */
  readonly cpu: { readonly servers: number; readonly postgres: number; readonly devices: number }
  readonly serverMb: number
  /** What PostgreSQL's sessions were doing. */
  readonly waits: Waits
}

const tokensEnd = Date.now() + 5 * 60_000

const run = async (count: number): Promise<readonly Line[]> => {
  const servers = await startServers(count)
  const load = startLoad()
  try {
    const pids = servers.map(({ pid }) => pid)
    const empty = usageOf(pids).megabytes
    const progress = await database.observer.query<{ id: string; last_seq: number }>('select * from device_progress')
    const lastSeqs = new Map(progress.rows.map(({ id, last_seq }) => [id, last_seq]))
    const devices = await Promise.all(
      database.devices.map(async (device, index) => ({
        ...device,
        url: servers[index % count]?.url ?? '',
        lastSeq: lastSeqs.get(device.deviceId) ?? 0,
        token: (await signToken(keys.token, device, tokensEnd)).token,
      })),
    )
    log(`${devices.length} devices begin to follow ${count} server(s) …`)
    await load.tell({ kind: 'follow', devices })
    const memoryPerHeldKb = ((usageOf(pids).megabytes - empty) * 1024) / devices.length
    const lines: Line[] = []
    for (const perSecond of numbersIn(options.writes)) {
      const begin = performance.now()
      const cpuNow = () => [pids, withChildren(database.postmaster), [load.pid]].map((each) => usageOf(each).cpuSeconds)
      const before = cpuNow()
      const step = { isOver: false }
      const waiting = sampleWaits(database.observer, () => step.isOver)
      const answer = await load.tell({ kind: 'write', perSecond, seconds: Number(options.seconds) })
      step.isOver = true
      const waits = await waiting
      const seconds = (performance.now() - begin) / 1000
      const [serversCpu = 0, postgres = 0, devicesCpu = 0] = cpuNow().map(
        (after, n) => (after - (before[n] ?? 0)) / seconds,
      )
      if (answer.kind !== 'written') throw new Error('The devices did not write')
      const cpu = { servers: serversCpu, postgres, devices: devicesCpu }
      const serverMb = usageOf(pids).megabytes / count
      lines.push({
        servers: count,
        held: devices.length,
        asked: perSecond,
        memoryPerHeldKb,
        cpu,
        serverMb,
        waits,
        ...answer.result,
      })
      log(describe(lines.at(-1) as Line))
    }
    return lines
  } finally {
    load.stop()
    for (const server of servers) await server.stop()
  }
}

const describe = (line: Line): string => {
  const ms = ({ p50, p99 }: { readonly p50: number; readonly p99: number }) =>
    `${p50.toFixed(1)} / ${p99.toFixed(0)} ms`
  const share = (value: number): string => `${Math.round(value * 100)} %`
  return [
    `${line.servers} server(s), ${line.held} held (${line.memoryPerHeldKb.toFixed(0)} KB each), ${line.asked} writes/s:`,
    `${line.perSecond.toFixed(0)} done/s, answered ${ms(line.answered)}, on the devices ${ms(line.shown)} (p50 / p99), who were ${ms(line.late)} late themselves,`,
    `cpu servers ${share(line.cpu.servers)}, PostgreSQL ${share(line.cpu.postgres)}, devices ${share(line.cpu.devices)},`,
    `server ${line.serverMb.toFixed(0)} MB, PostgreSQL ${JSON.stringify(line.waits)}, missing ${line.missing}, failures ${JSON.stringify(line.failures)}`,
  ].join(' ')
}

try {
  log(`${availableParallelism()} cores`)
  const lines: Line[] = []
  for (const count of numbersIn(options.servers)) lines.push(...(await run(count)))
  if (options.json) console.log(JSON.stringify(lines, undefined, 2))
  else for (const line of lines) console.log(describe(line))
} finally {
  await (stopping ??= stop())
}
