import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { DomainError } from '../../src-shared/errors.ts'
import type { Device } from '../auth/devices.ts'
import { clientOf } from '../client-address.ts'
import type { InTurn } from '../in-turns.ts'
import { toErrorAnswer } from './errors.ts'
import { type Answer, compressed, send } from './answer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom the request comes from, once that is known. */
    deviceId: string | null
  }
}

/** What a handler may know of the request besides its validated input. */
interface RequestFacts {
  /** Whom limits count as one. */
  readonly client: string
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
  readonly log: FastifyRequest['log']
  /** The first header of this name. */
  readonly header: (name: string) => string | undefined
}

interface DeviceRequestFacts extends RequestFacts {
  /** For the parts of a held request that are not waiting. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
}

interface RouteFacts<I> {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** For people who read the OpenAPI page. */
  readonly summary: string
  /** The body of a POST, the query of a GET; never a merge of both. */
  readonly input: z.ZodType<I>
  /** What a 200 carries, for the OpenAPI page; null when it is not JSON of one form. */
  readonly output: z.ZodType | null
  /** Sends data, which only programs get that can read it. */
  readonly isReading?: boolean
  /** Looks afresh, before it gives or keeps anything, whether the device may still do this. */
  readonly isCheckedLater?: boolean
  /** Also for a device that was revoked: it hands over what it has not sent (SECURITY §3). */
  readonly isForRevoked?: boolean
  /** Waits for something new, and takes turns by itself. Other requests of a device for this path wait for one another. */
  readonly isHeld?: (input: I) => boolean
  /** Limited by address, because whoever asks is not known yet. */
  readonly isLimitedByAddress?: boolean
}

/** A route is data; `addRoute` is the only code that knows Fastify's request and reply. */
export type Route<I> = RouteFacts<I> &
  (
    | { readonly auth: 'none'; readonly handle: (input: I, request: RequestFacts) => Promise<Answer> }
    | {
        readonly auth: 'device'
        readonly handle: (input: I, request: DeviceRequestFacts, device: Device) => Promise<Answer>
      }
  )

export const defineRoute = <I>(route: Route<I>): Route<I> => route

/** A route without input. */
export const noInput = z.unknown()

/** Who may come in, and how often: what the executor needs of the server. */
export interface Doorkeeper {
  /** The device as it is now, or as it was a while ago if it `isCheckedLater`. Throws `unauthenticated` or `device_revoked`. */
  readonly authenticate: (
    authorization: string | undefined,
    route: Pick<RouteFacts<unknown>, 'isCheckedLater' | 'isForRevoked'>,
  ) => Promise<Device>
  /** Devices say with their requests how much they still have to send. */
  readonly noteQueue: (request: Pick<FastifyRequest, 'deviceId' | 'headers'>) => void
  /** Throws `update_needed`. */
  readonly requireVersion: (request: Pick<FastifyRequest, 'headers'>) => void
  /** Throws `rate_limited`. */
  readonly limitDevice: (request: FastifyRequest) => Promise<void>
  readonly limitAddress: (request: FastifyRequest) => Promise<void>
  /** A device that asks a hundred times at once takes the time of one request, and the others of the server do not wait for it. */
  readonly inTurn: InTurn
}

/** The one executor: limits and authenticates, then validates, then handles, then answers. */
export const addRoute = <I>(app: FastifyInstance, route: Route<I>, doorkeeper: Doorkeeper): void => {
  app.route({
    method: route.method,
    url: route.path,
    // HEAD comes with GET.
    exposeHeadRoute: route.method === 'GET',
    handler: async (request, reply) => {
      try {
        await send(reply, await compressed(request, await run(route, request, doorkeeper)))
      } catch (error) {
        await send(reply, toErrorAnswer(error, request.log))
      }
      return reply
    },
  })
}

const run = async <I>(route: Route<I>, request: FastifyRequest, doorkeeper: Doorkeeper): Promise<Answer> => {
  if (route.isLimitedByAddress) await doorkeeper.limitAddress(request)
  const facts: RequestFacts = {
    client: clientOf(request.ip),
    signal: request.signal,
    log: request.log,
    header: (name) => headerOf(request, name),
  }
  if (route.auth === 'none') return route.handle(validated(route, request), facts)
  const device = await doorkeeper.authenticate(request.headers.authorization, route)
  request.deviceId = device.id
  doorkeeper.noteQueue(request)
  await doorkeeper.limitDevice(request)
  if (route.isReading) doorkeeper.requireVersion(request)
  const input = validated(route, request)
  const place = { key: `${device.id} ${route.path}`, atOnce: 1, longest: longestQueues[route.method] }
  const deviceFacts = { ...facts, inTurn: <T>(work: () => Promise<T>) => doorkeeper.inTurn(place, work) }
  if (route.isHeld?.(input)) return route.handle(input, deviceFacts, device)
  return doorkeeper.inTurn(place, async (hasWaited) => {
    // Nobody is there any more to get the answer. Of a POST, the signal is aborted when its body was read.
    if (request.socket.destroyed) throw new DomainError('unavailable', 'The client has gone.')
    // It may have been shut out while it waited.
    const now = hasWaited ? await doorkeeper.authenticate(request.headers.authorization, route) : device
    return route.handle(input, deviceFacts, now)
  })
}

/** Lines that died leave some; whoever has more in it does not wait for answers. A POST waits with its body in memory. */
const longestQueues = { GET: 64, POST: 16 } as const

const headerOf = ({ headers }: FastifyRequest, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}

const validated = <I>(route: Route<I>, request: FastifyRequest): I => {
  const parsed = route.input.safeParse(route.method === 'GET' ? request.query : request.body)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new DomainError('invalid_input', `The request does not have the right form: ${issue?.message ?? 'unknown'}.`, {
    path: issue?.path.join('.') ?? '',
  })
}
