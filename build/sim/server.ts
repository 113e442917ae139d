import { pino } from 'pino'
import { buildServer, type Server } from '../../sync-server/app.ts'
import { createKeys } from '../../sync-server/auth/keys.ts'
import { type Config, readConfig } from '../../sync-server/config.ts'
import type { LogWaiters } from '../../sync-server/shapes/log-waiters.ts'
import type { Activity } from './activity.ts'
import type { History } from './history.ts'
import type { Chance } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { QueryFault, ServerLine, Tenant } from './server-line.ts'
import { createSnapshotMaker, type SnapshotMaker } from './snapshots.ts'

export interface Request {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Bytes of a snapshot, or text. */
  readonly body: string | Buffer
}

/** Nothing listens: connection refused, or reset by a server that died. */
export class NotServed extends Error {}

/** What may go wrong at the server. All are 0 in a quiet time. */
export interface ServerWeather {
  /** Of 1000 notifications so many never come: only the poll is left. */
  notificationsLost: number
  /** Of 1000 statements so many fail in some way. */
  queryFaults: number
}

export interface SimServerParts {
  readonly line: ServerLine
  readonly scheduler: Scheduler
  readonly activity: Activity
  readonly history: History
  readonly chance: Chance
  /** Where the server keeps what it has on its disk. */
  readonly folder: string
}

interface Running {
  readonly server: Server
  readonly tenant: Tenant
  readonly waiters: LogWaiters | undefined
  readonly kill: () => void
}

const config: Config = {
  ...readConfig({ DATABASE_URL: 'postgres://nobody@nowhere/simulated', FOYER_KEYS_FILE: '-' }),
  deviceRequests: 1_000_000,
  addressRequests: 1_000_000,
  // Small, so that a first load and a catch-up take several answers.
  chunkLimit: { rows: 40, bytes: 60_000 },
}

const silent = pino({ level: 'silent' })
const keys = createKeys()

/** What it signs leases and releases with. */
export const leaseKey = async () => (await keys).lease.publicJwk

/** The sync server itself, in this process: killed, restarted, and told of its log as the weather is. */
export class SimServer {
  readonly weather: ServerWeather = { notificationsLost: 0, queryFaults: 0 }
  readonly #parts: SimServerParts
  #running: Running | undefined
  #killAfterCommit: number | undefined
  #stopNotifications = (): void => undefined
  readonly #snapshots: SnapshotMaker

  constructor(parts: SimServerParts) {
    this.#parts = parts
    this.#snapshots = createSnapshotMaker({ ...parts, db: () => this.db() })
  }

  /** The process that makes snapshots looks what is due. */
  readonly makeSnapshots = (): Promise<void> => this.#snapshots.make()

  /** Rejects with NotServed. */
  readonly handle = (request: Request): Promise<Answer> => serve(this.#running, request, this.#parts)

  /** A log has grown. */
  notify(facilityId: string, audience: string): void {
    const { chance, history, scheduler } = this.#parts
    if (chance.float() * 1000 < this.weather.notificationsLost) {
      history.count('fault lost notification')
      return
    }
    const told = this.#running?.waiters
    scheduler.after(chance.int(0, 250), () => told?.wake(facilityId, audience))
  }

  /** Begins to serve, and to hear of its log. */
  async begin(): Promise<void> {
    this.#stopNotifications = this.#parts.line.onNotification((facility, audience) => this.notify(facility, audience))
    await this.start()
  }

  async end(): Promise<void> {
    this.#stopNotifications()
    this.#fall()
  }

  /** Killed now; starts again after a while. */
  kill(downMs: number): void {
    if (!this.#running) return
    this.#parts.history.note('server', `killed for ${downMs} ms`)
    this.#fall()
    this.#planStart(downMs)
  }

  /** Killed at the commit that comes next, right after PostgreSQL has done it; with undefined not after all. */
  killAtNextCommit(downMs: number | undefined): void {
    this.#killAfterCommit = downMs
  }

  /** Ends in order; starts again after a while. */
  restart(downMs: number): void {
    const ending = this.#running
    if (!ending) return
    this.#parts.history.note('server', `ends in order for ${downMs} ms`)
    this.#running = undefined
    void ending.server.close()
    this.#planStart(downMs)
  }

  /** For work beside the requests, such as compaction. */
  db(): ReturnType<ServerLine['poolFor']> {
    return this.#parts.line.poolFor({ isDead: () => false, faultAt: () => 'none', onKill: () => undefined })
  }

  async start(): Promise<void> {
    if (this.#running) return
    const { line, scheduler, history } = this.#parts
    history.note('server', 'starts')
    let isDead = false
    const tenant: Tenant = {
      isDead: () => isDead,
      faultAt: (sql) => this.#faultAt(sql),
      onKill: () => {
        history.note('server', 'killed')
        isDead = true
        this.#fall()
      },
    }
    const heard: { waiters?: LogWaiters } = {}
    const server = await buildServer({
      config: { ...config, snapshotFolder: this.#snapshots.folder },
      db: line.poolFor(tenant),
      keys: await keys,
      log: silent,
      now: scheduler.now,
      listenToLog: (_url, waiters) => {
        heard.waiters = waiters
        return { isListening: () => true, stop: async () => undefined }
      },
    })
    await server.app.ready()
    const kill = (): void => {
      isDead = true
    }
    // It may have looked into the database before it serves anybody.
    if (isDead || this.#running) {
      kill()
      void server.close()
      return
    }
    this.#running = { server, tenant, waiters: heard.waiters, kill }
    history.note('server', 'started')
  }

  #faultAt(sql: string): QueryFault {
    const { chance, history, scheduler } = this.#parts
    if (sql === 'commit' && this.#killAfterCommit !== undefined) {
      const downMs = this.#killAfterCommit
      this.#killAfterCommit = undefined
      scheduler.after(0, () => this.#planStart(downMs))
      history.count('fault server killed between commit and answer')
      return 'kill_after'
    }
    if (sql === 'rollback' || chance.float() * 1000 >= this.weather.queryFaults) return 'none'
    const fault = chance.weighted({ conflict: 4, lost_before: 2, lost_after: 2, kill_before: 1, kill_after: 1 })
    history.note('server', `${fault} at ${sql.trim().slice(0, 40)}`)
    history.count(`fault query ${fault}`)
    if (fault.startsWith('kill')) {
      const downMs = chance.int(10, 5000)
      scheduler.after(0, () => this.#planStart(downMs))
    }
    return fault
  }

  #planStart(downMs: number): void {
    this.#parts.scheduler.after(downMs, () => {
      // It may not get to the database; whoever keeps it running tries again.
      this.start().catch(() => this.#planStart(1000))
    })
  }

  #fall(): void {
    const dead = this.#running
    this.#running = undefined
    dead?.kill()
    // Takes away its timers and lets go of held requests, whose answers nobody gets.
    void dead?.server.close()
  }
}

const serve = async (
  running: Running | undefined,
  { method, url, headers, body }: Request,
  { activity, scheduler }: SimServerParts,
): Promise<Answer> => {
  if (!running) throw new NotServed('connection refused')
  const { server, tenant } = running
  activity.touch()
  const response = await server.app.inject({
    method: method === 'POST' ? 'POST' : 'GET',
    url,
    headers: { ...headers },
    ...(body === undefined ? {} : { payload: body }),
  })
  activity.touch()
  if (tenant.isDead()) throw new NotServed('connection reset')
  return {
    status: response.statusCode,
    headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
    body: url.startsWith('/v1/snapshot/part') ? response.rawPayload : withVirtualTime(response.body, scheduler.now()),
  }
}

/** PostgreSQL's clock is the one thing that is not simulated. */
const withVirtualTime = (body: string, now: number): string =>
  body.replace(/("server_time":")[^"]*/, (_all, before: string) => before + new Date(now).toISOString())
