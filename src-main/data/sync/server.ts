import { importJWK, type JWK, SignJWT } from 'jose'
import { v4 } from 'uuid'
import type { z } from 'zod'
import { waitingHeader } from '../../../src-shared/contract/health.ts'
import { errorBody, requestHeader, tokenResponse } from '../../../src-shared/contract/http.ts'
import { dataVersion, versionHeader } from '../../../src-shared/contract/version.ts'
import { DomainError, type ErrorData } from '../../../src-shared/errors.ts'
import type { Environment } from '../environment.ts'
import { type ClockSkew, clockSkew } from './clock-skew.ts'
import { fetchWatched } from './fetch-watched.ts'
import { retryAfterMs } from './retry-after.ts'

/** The server was not reached, or its answer was none of ours (a captive portal, a cut connection). Not an error: offline. */
export class Outage extends Error {
  /** What our server said, when it answered "later". */
  readonly said: ErrorData | undefined
  /** How long it wants to be left alone, in milliseconds. */
  readonly retryAfterMs: number

  constructor(cause: unknown, said?: ErrorData, retryAfterMs = 0) {
    super('The server was not reached', { cause })
    this.name = 'Outage'
    this.said = said
    this.retryAfterMs = retryAfterMs
  }
}

interface DeviceIdentity {
  readonly deviceId: string
  readonly privateKey: JWK
  /** Of its enrollment. */
  readonly certificate?: string | undefined
}

export interface ServerParts {
  readonly url: string
  readonly identity: DeviceIdentity
  readonly environment: Pick<Environment, 'clock' | 'bytes' | 'fetch'>
  /** Told after every exchange: undefined when the server answered, else what is wrong. */
  readonly onContact: (problem: ErrorData | undefined) => void
  /** Told when another thing is known of this computer's clock than before. */
  readonly onClock?: () => void
  /** How many mutations are not decided yet, once that is known: told with every request, for those who run the server. */
  readonly waiting?: () => number | undefined
}

type ExtraHeaders = Readonly<Record<string, string>>

export interface Server {
  /** Signed in as the device. Throws Outage when nothing answered. Other answers are given back as they are. */
  readonly fetch: typeof fetch
  /** Throws DomainError with what the server said, or Outage. */
  readonly post: <T>(path: string, body: unknown, answer: z.ZodType<T>, headers?: ExtraHeaders) => Promise<T>
}

export interface MeasuredServer extends Server {
  /** How far this computer's clock is ahead of the server's, by its last answers; null where it is right or nothing is known. */
  readonly clockAhead: () => number | null
}

interface Line extends ServerParts {
  readonly skew: ClockSkew
}

const offline: ErrorData = { code: 'unavailable', message: 'The server is not reached.', details: {} }
/** Statuses that mean "later": they are weather, not an answer. */
const laterStatuses = new Set([429, 500, 502, 503, 504])

/** Speaks to the sync server as this device: gets an access token when it needs one, and says how the line is. */
export const connectServer = (given: ServerParts): MeasuredServer => {
  const parts: Line = { ...given, skew: clockSkew(given.environment.clock, () => given.onClock?.()) }
  let token: Promise<string> | undefined

  const freshToken = (): Promise<string> => {
    token ??= requestToken(parts, parts.environment.clock.now()).catch((error: unknown) => {
      token = undefined
      throw error
    })
    return token
  }

  const signed = async (input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> => {
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${await freshToken()}`)
    headers.set(versionHeader, String(dataVersion))
    const waiting = parts.waiting?.()
    if (waiting !== undefined) headers.set(waitingHeader, String(waiting))
    return reach(parts, input, { ...init, headers })
  }

  const deviceFetch: typeof fetch = async (input, init) => {
    const first = await signed(input, init)
    if (first.status !== 401) return first
    await first.body?.cancel()
    token = undefined
    return signed(input, init)
  }

  return {
    fetch: deviceFetch,
    post: async (path, body, answer, headers) => {
      const response = await deviceFetch(parts.url + path, jsonRequest(body, headers))
      try {
        return await readAnswer(response, answer)
      } catch (error) {
        // What it says when it cannot go on is worth more than that it did not answer.
        if (error instanceof Outage && error.said) parts.onContact(error.said)
        throw error
      }
    },
    clockAhead: () => parts.skew.secondsAhead() || null,
  }
}

const jsonRequest = (body: unknown, headers: ExtraHeaders = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

/** POST without a device, as enrollment needs it. */
export const postAnonymous = async <T>(
  parts: { readonly url: string } & Pick<Environment, 'clock' | 'fetch'>,
  path: string,
  body: unknown,
  answer: z.ZodType<T>,
): Promise<T> => {
  const response = await fetchWatched(parts, parts.url + path, jsonRequest(body)).catch((error: unknown) => {
    throw new Outage(error)
  })
  return readAnswer(response, answer)
}

const reach = async (parts: Line, input: Parameters<typeof fetch>[0], init: RequestInit): Promise<Response> => {
  const name = v4({ random: parts.environment.bytes(16) })
  const headers = new Headers(init.headers)
  headers.set(requestHeader, name)
  const measureClock = parts.skew.ask()
  try {
    const response = await fetchWatched(parts.environment, input, { ...init, headers })
    const isLater = laterStatuses.has(response.status)
    const stranger = strangerIn(response, name)
    if (stranger !== undefined && !isLater) {
      await response.body?.cancel()
      throw new Error(`${stranger} answered, with ${response.status}`)
    }
    // Without the name another one may have said it, or our server long ago.
    if (response.headers.get(requestHeader) === name) measureClock(response.headers.get('date'))
    parts.onContact(isLater ? offline : undefined)
    return response
  } catch (error) {
    // Our own abort (a stop, a restart of the stream) says nothing about the line.
    if (init.signal?.aborted) throw error
    parts.onContact(isByDate(error) ? { ...offline, details: { certificate: 'not_now' } } : offline)
    throw new Outage(error)
  }
}

/** By the clock of this computer the server's certificate is over, or does not hold yet: one of the two is wrong (FAULTS T4). */
const isByDate = (error: unknown): boolean =>
  error instanceof Error &&
  error.cause instanceof Error &&
  'code' in error.cause &&
  (error.cause.code === 'CERT_HAS_EXPIRED' || error.cause.code === 'CERT_NOT_YET_VALID')

/**
 * Who answered in our server's place. It has no pages: that is a captive portal, or a proxy that refuses (FAULTS N4). An answer
 * with the name of another request is one that a proxy had kept (N8); a gateway in between may have taken the name away.
 */
const strangerIn = ({ headers }: Response, name: string): string | undefined => {
  if (headers.get('content-type')?.startsWith('text/html')) return 'A web page'
  return (headers.get(requestHeader) ?? name) === name ? undefined : 'A cache'
}

/** An answer that is not ours counts as no answer: nothing is taken from an unparsed byte (FAULTS N4). */
const readAnswer = async <T>(response: Response, answer: z.ZodType<T>): Promise<T> => {
  let body: unknown
  try {
    body = await response.json()
  } catch (error) {
    // A proxy says "later" in words of its own.
    throw new Outage(error, undefined, retryAfterMs(response.headers))
  }
  if (response.ok) {
    const parsed = answer.safeParse(body)
    if (parsed.success) return parsed.data
    throw new Outage(parsed.error)
  }
  const refusal = errorBody.safeParse(body)
  if (!refusal.success || laterStatuses.has(response.status)) {
    if (refusal.success && refusal.data.code === 'too_many_attempts') throw toDomainError(refusal.data)
    throw new Outage(new Error(`HTTP ${response.status}`), refusal.data, retryAfterMs(response.headers))
  }
  throw toDomainError(refusal.data)
}

const toDomainError = ({ code, message, details }: ErrorData): DomainError => new DomainError(code, message, details)

/** What the server has said against an assertion before. */
interface Said {
  readonly isWrongClock?: boolean
  readonly isUnknown?: boolean
}

/**
 * Proves the device with a signed assertion; a wrong clock is corrected once by the server's time (FAULTS T4), and a server
 * that has lost the enrollment in a restore gets its certificate (S5).
 */
const requestToken = async (parts: Line, nowMs: number, said: Said = {}): Promise<string> => {
  const { certificate, privateKey } = parts.identity
  const key = await importJWK(privateKey, 'EdDSA')
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer(parts.identity.deviceId)
    .setAudience('foyer')
    .setJti(v4({ random: parts.environment.bytes(16) }))
    .setIssuedAt(Math.floor(nowMs / 1000))
    .sign(key)
  const response = await reach(
    parts,
    `${parts.url}/v1/token`,
    jsonRequest({ assertion, ...(said.isUnknown && { certificate }) }),
  )
  try {
    return (await readAnswer(response, tokenResponse)).token
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    const { reason, server_time } = error.details
    if (reason === 'clock' && !said.isWrongClock && typeof server_time === 'string') {
      return requestToken(parts, Date.parse(server_time), { ...said, isWrongClock: true })
    }
    if (reason === 'unknown_device' && !said.isUnknown && certificate !== undefined) {
      return requestToken(parts, nowMs, { ...said, isUnknown: true })
    }
    parts.onContact(error)
    throw error
  }
}
