import rateLimit from '@fastify/rate-limit'
import type { Server as HttpServer } from 'node:http'
import Fastify, { LogController, type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { waitingHeader } from '../src-shared/contract/health.ts'
import { requestHeader } from '../src-shared/contract/http.ts'
import { versionHeader } from '../src-shared/contract/version.ts'
import { DomainError } from '../src-shared/errors.ts'
import { createAttempts } from './auth/attempts.ts'
import { createDeviceReader } from './auth/devices.ts'
import type { ServerKeys } from './auth/keys.ts'
import { tokenVerifier } from './auth/tokens.ts'
import { clientOf } from './client-address.ts'
import type { Db } from './db/tx.ts'
import type { Config } from './config.ts'
import { limitConnections } from './connections.ts'
import { addDeviceGauges, createCounters, waitingIn } from './counters.ts'
import { type DeviceWatch, watchDevices } from './device-watch.ts'
import { createComparer } from './digests/compare.ts'
import { createEpochKeeper, type EpochKeeper } from './epoch.ts'
import { inTurns } from './in-turns.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { json, send } from './routes/answer.ts'
import { digestsRoute, rowsRoute } from './routes/digests.ts'
import { deviceCodeRoute, enrollRoute } from './routes/devices.ts'
import { releaseRoute } from './routes/release.ts'
import { toErrorAnswer } from './routes/errors.ts'
import { healthRoute, readyRoute } from './routes/health.ts'
import { metricsRoute } from './routes/metrics.ts'
import { mutationsRoute } from './routes/mutations.ts'
import { openapiRoute } from './routes/openapi.ts'
import { addRoute, type Doorkeeper, type Route } from './routes/route.ts'
import type { Services } from './routes/services.ts'
import { shapeRoute } from './routes/shape.ts'
import { snapshotPartRoute, snapshotRoute } from './routes/snapshot.ts'
import { signInRoute } from './routes/sign-in.ts'
import { tokenRoute } from './routes/token.ts'
import { startLogListener, type StartLogListener } from './shapes/log-listener.ts'
import { createLogReader, type LogReader } from './shapes/log-reader.ts'
import { createLogWaiters, type LogWaiters } from './shapes/log-waiters.ts'

export interface ServerParts {
  readonly config: Config
  readonly db: Db
  readonly keys: ServerKeys
  readonly log: Logger
  /** Epoch milliseconds. */
  readonly now?: () => number
  /** How the server hears that a log has grown. */
  readonly listenToLog?: StartLogListener
}

export interface Server {
  readonly app: FastifyInstance
  readonly metrics: Metrics
  /** Starts to listen where the configuration says. Answers the URL. */
  readonly listen: () => Promise<string>
  /** Takes no more requests, answers held ones, waits for the others at most ten seconds. The database stays open. */
  readonly close: () => Promise<void>
}

const bodyLimit = 1_000_000
const drainMs = 10_000

/** Puts the sync server together. It keeps no state that matters: any number of them may serve one database. */
export const buildServer = async (parts: ServerParts): Promise<Server> => {
  const { config, db, keys, log, now = Date.now, listenToLog = startLogListener } = parts
  const app = createApp(config, log)
  await app.register(rateLimit, { global: false })
  const waiters = createLogWaiters()
  const devices = watchDevices(now)
  const logs = createLogReader({ db, limit: config.chunkLimit, isListening: () => listener.isListening() })
  const epoch = createEpochKeeper({ db, log })
  await epoch.check()
  const closing = new AbortController()
  const hearers = { waiters, devices, logs, epoch, signal: closing.signal }
  const listener = listenToLog(config.databaseUrl, heard(hearers), log)
  const metrics = createMetrics()
  metrics.gauge('foyer_held_requests', 'Live shape requests that are held now', waiters.count)
  metrics.gauge('foyer_log_listening', '1 when new log entries are heard of at once', () =>
    Number(listener.isListening()),
  )
  const connections = limitConnections(app.server, config)
  metrics.gauge('foyer_connections', 'Sockets that stand now', connections.count)
  metrics.gauge('foyer_connections_turned_away', 'Sockets too many, since the start', connections.turnedAway)
  addDeviceGauges(metrics, devices)
  const services: Services = {
    config,
    db,
    keys,
    log,
    now,
    waiters,
    logs,
    readDevice: createDeviceReader(db),
    attempts: { codes: createAttempts(10, 600, now), passwords: createAttempts(10, 300, now) },
    metrics,
    counters: createCounters(metrics),
    devices,
    comparer: createComparer({ db, now }),
    epoch,
    inTurn: inTurns(),
    isReady: () => !closing.signal.aborted,
  }
  // A connection that is busy while we close must not stay open when it falls idle.
  app.addHook('onSend', async ({ headers }, reply) => {
    if (closing.signal.aborted) reply.header('connection', 'close')
    const name = headers[requestHeader]
    if (name !== undefined) reply.header(requestHeader, name)
  })
  addRoutes(app, services)
  return {
    app,
    metrics,
    listen: async () => app.listen({ host: config.host, port: config.port }),
    close: async () => {
      closing.abort()
      waiters.close()
      const timer = setTimeout(() => app.server.closeAllConnections(), drainMs)
      await Promise.all([app.close(), listener.stop()]).finally(() => clearTimeout(timer))
    },
  }
}

interface Hearers {
  readonly waiters: LogWaiters
  readonly devices: DeviceWatch
  readonly logs: LogReader
  readonly epoch: EpochKeeper
  /** The server closes. */
  readonly signal: AbortSignal
}

/** Tells what is announced of the logs to all who want to know. */
const heard = ({ waiters, devices, logs, epoch, signal }: Hearers): LogWaiters => ({
  ...waiters,
  wake(facilityId, audience, position = Number.POSITIVE_INFINITY) {
    logs.grew(facilityId, audience, position)
    if (Number.isFinite(position)) devices.grew(facilityId, audience, position)
    waiters.wake(facilityId, audience)
  },
  wakeAll() {
    logs.listens()
    // The connection is new: who knows to what.
    void epoch.settle(signal).then(() => {
      logs.listens()
      waiters.wakeAll()
    })
  },
})

const createApp = (config: Config, log: Logger): FastifyInstance => {
  const app = Fastify<HttpServer>({
    loggerInstance: log,
    // One line for each request is written below, without its query.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    trustProxy: config.trustProxy,
    requestTimeout: 15_000,
    // Of who does not read the answer. A held request is silent for 20 s at most.
    connectionTimeout: 60_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 5000, maxHeaderSize: 16_384 },
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => void send(reply, toErrorAnswer(error, request.log)),
    clientErrorHandler: (_error, socket) => {
      if (!socket.writable) return
      // Who never reads and never closes would otherwise hold on to it.
      socket.end(badRequest, () => socket.destroy())
    },
  })
  app.setErrorHandler(async (error, request, reply) => send(reply, toErrorAnswer(error, request.log)))
  app.setNotFoundHandler(async (_request, reply) =>
    send(reply, json({ code: 'not_found', message: 'There is nothing here.', details: {} }, 404)),
  )
  app.decorateRequest('deviceId', null)
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    const took = { status: reply.statusCode, ms: Math.round(reply.elapsedTime) }
    request.log.info({ method, route: routeOptions.url, device_id: request.deviceId, ...took }, 'answered')
  })
  return app
}

const badRequestBody = '{"code":"invalid_input","message":"This is not HTTP.","details":{}}'
const badRequest =
  'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n' +
  `Content-Length: ${badRequestBody.length}\r\n\r\n${badRequestBody}`

const addRoutes = (app: FastifyInstance, services: Services): void => {
  const doorkeeper = createDoorkeeper(app, services)
  const described: Parameters<typeof openapiRoute>[0][number][] = []
  const add = <I>(route: Route<I>): void => {
    described.push(route)
    addRoute(app, route, doorkeeper)
  }
  add(healthRoute())
  add(readyRoute(services))
  add(metricsRoute(services))
  add(enrollRoute(services))
  add(deviceCodeRoute(services))
  add(releaseRoute(services))
  add(tokenRoute(services))
  add(signInRoute(services))
  add(shapeRoute(services))
  add(snapshotRoute(services))
  add(snapshotPartRoute(services))
  add(mutationsRoute(services))
  add(digestsRoute(services))
  add(rowsRoute(services))
  add(openapiRoute(described))
}

const createDoorkeeper = (app: FastifyInstance, services: Services): Doorkeeper => {
  const { config, keys, now, devices, readDevice, inTurn } = services
  const verify = tokenVerifier(keys.token)
  const byDevice = app.createRateLimit({
    max: config.deviceRequests,
    timeWindow: 5000,
    keyGenerator: (request) => request.deviceId ?? '',
  })
  const byAddress = app.createRateLimit({
    max: config.addressRequests,
    timeWindow: 60_000,
    keyGenerator: (request) => clientOf(request.ip),
  })
  const enforce = async (limit: typeof byDevice, request: FastifyRequest): Promise<void> => {
    const result = await limit(request)
    if (result.isAllowed || !result.isExceeded) return
    throw new DomainError('rate_limited', 'Too many requests. Try again later.', {
      retry_after_seconds: result.ttlInSeconds,
    })
  }
  return {
    authenticate: async (authorization, { isCheckedLater, isForRevoked }) => {
      const [, token] = /^Bearer ([\w.~+/=-]+)$/i.exec(authorization ?? '') ?? []
      if (token === undefined) throw new DomainError('unauthenticated', 'The access token is missing.')
      const claims = await verify(token, now())
      const remembered = isCheckedLater ? readDevice.remembered(claims) : undefined
      return remembered ?? (isForRevoked ? readDevice.readAny(claims) : readDevice.read(claims))
    },
    noteQueue: ({ deviceId, headers }) => {
      const waiting = waitingIn(headers[waitingHeader])
      if (deviceId !== null && waiting !== undefined) devices.waits(deviceId, waiting)
    },
    requireVersion: ({ headers }) => {
      const version = Number(headers[versionHeader] ?? 1)
      if (version >= config.oldestDataVersion) return
      throw new DomainError('update_needed', 'This program is too old to get new data. Update it.', {
        version: config.oldestDataVersion,
      })
    },
    limitDevice: async (request) => enforce(byDevice, request),
    limitAddress: async (request) => enforce(byAddress, request),
    inTurn,
  }
}
