import { isIP } from 'node:net'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { oldestDataVersion } from '../src-shared/contract/version.ts'
import type { ChunkLimit } from './shapes/log.ts'

/** How the server is set up. Durations say their unit. */
export interface Config {
  readonly databaseUrl: string
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly keys: KeySource
  readonly logLevel: string
  /** How long a staff member may work offline after a sign-in. */
  readonly leaseDays: number
  /** How long a live shape request is held; the client gives up after 45 s. */
  readonly pollSeconds: number
  /** Whose X-Forwarded-For is believed: nobody's, everybody's, or that of these addresses. */
  readonly trustProxy: boolean | string
  /** A real Electric service that answers for the facility log, and the secret that it asks for. */
  readonly electricUrl: string | undefined
  readonly electricSecret: string | undefined
  /** Requests that one device may send in five seconds. */
  readonly deviceRequests: number
  /** Requests for enrollment, tokens and sign-in that one address may send in a minute. */
  readonly addressRequests: number
  /** Sockets that may stand at once. */
  readonly mostConnections: number
  /** The same of one address that is no trusted proxy: all desks of a site behind one router, some sockets each. */
  readonly addressConnections: number
  readonly databaseConnections: number
  /** Which version of the data a desktop must read to get any. */
  readonly oldestDataVersion: number
  /** How often the facility log is compacted; never when 0. */
  readonly compactMinutes: number
  /** Where ready-made replicas for new desks are kept; undefined when none are made. They hold what the database holds. */
  readonly snapshotFolder: string | undefined
  /** How much of the log goes into one answer: a first load takes few requests, and memory stays flat. */
  readonly chunkLimit: ChunkLimit
}

/** Where the three private keys are: in a file that is made at the first start, or in the environment as JWKs. */
export type KeySource =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'jwks'; readonly token: string; readonly lease: string; readonly recovery: string }

/** One line per mistake, each naming the variable, what it got and what it expects. */
export class ConfigError extends Error {
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'ConfigError'
    this.lines = lines
  }
}

export type Environment = Readonly<Record<string, string | undefined>>

interface Setting<T> {
  readonly schema: z.ZodType<T, string>
  /** Ends the sentence "… expects …". */
  readonly expects: string
  readonly fallback?: string
  /** Never printed, not even when it is wrong. */
  readonly isSecret?: boolean
}

const setting = <T>(facts: Setting<T>): Setting<T> => facts

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))

const isHostName = (text: string): boolean => isIP(text) !== 0 || /^[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(text)

const isPrivateJwk = (text: string): boolean => {
  try {
    const jwk: unknown = JSON.parse(text)
    return typeof jwk === 'object' && jwk !== null && 'kty' in jwk && 'd' in jwk
  } catch {
    return false
  }
}

const privateKey = setting({
  schema: z.string().refine(isPrivateJwk),
  expects: 'a private key as JWK, such as {"kty":"OKP","crv":"Ed25519","x":"…","d":"…"}',
  isSecret: true,
})

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

const settings = {
  DATABASE_URL: setting({
    schema: z.string().refine((text) => /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? '')),
    expects: 'a PostgreSQL URL, such as postgres://foyer_server:password@localhost:5432/foyer',
    isSecret: true,
  }),
  HOST: setting({
    schema: z.string().refine(isHostName),
    expects: 'an address or host name to listen on, such as 0.0.0.0',
    fallback: '127.0.0.1',
  }),
  PORT: setting({ schema: wholeNumber(0, 65_535), expects: 'a port from 0 (any) to 65535', fallback: '8787' }),
  LOG_LEVEL: setting({ schema: z.enum(logLevels), expects: `one of ${logLevels.join(', ')}`, fallback: 'info' }),
  LEASE_DAYS: setting({ schema: wholeNumber(1, 90), expects: 'days from 1 to 90', fallback: '14' }),
  POLL_SECONDS: setting({ schema: wholeNumber(1, 20), expects: 'seconds from 1 to 20', fallback: '20' }),
  TRUST_PROXY: setting({
    schema: z.string().refine(isTrust).transform(toTrust),
    expects: 'true, false, or addresses such as 10.0.0.0/8',
    fallback: 'false',
  }),
  DEVICE_REQUESTS: setting({
    schema: wholeNumber(1, 1_000_000),
    expects: 'a number of requests per device and five seconds, 1 or more',
    // Each commit of a busy facility answers a live request of every desk, which asks again at once.
    fallback: '250',
  }),
  ADDRESS_REQUESTS: setting({
    schema: wholeNumber(1, 1_000_000),
    expects: 'a number of sign-in requests per address and minute, 1 or more',
    fallback: '120',
  }),
  MOST_CONNECTIONS: setting({
    schema: wholeNumber(10, 1_000_000),
    expects: 'a number of connections, 10 or more',
    // Each that holds a live request takes some 0.15 MB.
    fallback: '10000',
  }),
  ADDRESS_CONNECTIONS: setting({
    schema: wholeNumber(10, 1_000_000),
    expects: 'a number of connections per address, 10 or more',
    fallback: '1000',
  }),
  COMPACT_MINUTES: setting({
    schema: wholeNumber(0, 1440),
    expects: 'minutes from 1 to 1440, or 0 for never',
    fallback: '60',
  }),
  DATABASE_CONNECTIONS: setting({ schema: wholeNumber(2, 500), expects: 'connections from 2 to 500', fallback: '10' }),
} as const

const optionalSettings = {
  FOYER_KEYS_FILE: setting({ schema: z.string().min(1), expects: 'the path of a file' }),
  FOYER_TOKEN_KEY: privateKey,
  FOYER_LEASE_KEY: privateKey,
  FOYER_RECOVERY_KEY: privateKey,
  SNAPSHOT_FOLDER: setting({ schema: z.string().min(1), expects: 'the path of a folder, or off' }),
  ELECTRIC_URL: setting({
    schema: z.url({ protocol: /^https?$/ }),
    expects: 'the URL of an Electric service, such as http://electric:3000',
  }),
  ELECTRIC_SECRET: setting({
    schema: z.string().min(1),
    expects: 'the secret of the Electric service',
    isSecret: true,
  }),
} as const

function isTrust(text: string): boolean {
  return text === 'true' || text === 'false' || text.split(',').every((part) => isNetwork(part.trim()))
}

const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

function toTrust(text: string): boolean | string {
  return text === 'true' || (text !== 'false' && text)
}

/** Reads the environment. Throws ConfigError with every mistake at once. An empty variable counts as not set. */
export const readConfig = (environment: Environment): Config => {
  const mistakes: string[] = []
  const read = <T>(name: string, from: Setting<T>): T | undefined => {
    const text = environment[name] || from.fallback
    if (text === undefined) return undefined
    const parsed = from.schema.safeParse(text)
    if (parsed.success) return parsed.data
    mistakes.push(`${name} is ${shown(text, from)}, but expects ${from.expects}.`)
    return undefined
  }
  const required = <T>(name: string, from: Setting<T>): T => {
    if (!environment[name] && from.fallback === undefined) {
      mistakes.push(`${name} is not set, but expects ${from.expects}.`)
    }
    // What is missing was noted as a mistake, and then nothing is returned at all.
    return read(name, from) as T
  }
  const keys = readKeySource(read, mistakes)
  const config: Config = {
    databaseUrl: required('DATABASE_URL', settings.DATABASE_URL),
    host: required('HOST', settings.HOST),
    port: required('PORT', settings.PORT),
    keys,
    logLevel: required('LOG_LEVEL', settings.LOG_LEVEL),
    leaseDays: required('LEASE_DAYS', settings.LEASE_DAYS),
    pollSeconds: required('POLL_SECONDS', settings.POLL_SECONDS),
    trustProxy: required('TRUST_PROXY', settings.TRUST_PROXY),
    electricUrl: read('ELECTRIC_URL', optionalSettings.ELECTRIC_URL),
    electricSecret: read('ELECTRIC_SECRET', optionalSettings.ELECTRIC_SECRET),
    deviceRequests: required('DEVICE_REQUESTS', settings.DEVICE_REQUESTS),
    addressRequests: required('ADDRESS_REQUESTS', settings.ADDRESS_REQUESTS),
    mostConnections: required('MOST_CONNECTIONS', settings.MOST_CONNECTIONS),
    addressConnections: required('ADDRESS_CONNECTIONS', settings.ADDRESS_CONNECTIONS),
    databaseConnections: required('DATABASE_CONNECTIONS', settings.DATABASE_CONNECTIONS),
    compactMinutes: required('COMPACT_MINUTES', settings.COMPACT_MINUTES),
    snapshotFolder: snapshotFolderOf(read('SNAPSHOT_FOLDER', optionalSettings.SNAPSHOT_FOLDER), keys),
    oldestDataVersion,
    chunkLimit: { rows: 2_000, bytes: 4_000_000 },
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return config
}

/** Beside the keys where nothing else is said: a folder that only the server may read. */
const snapshotFolderOf = (said: string | undefined, keys: KeySource): string | undefined => {
  if (said === 'off') return undefined
  return said ?? (keys.kind === 'file' ? join(dirname(keys.file), 'snapshots') : undefined)
}

const readKeySource = (read: <T>(name: string, from: Setting<T>) => T | undefined, mistakes: string[]): KeySource => {
  const file = read('FOYER_KEYS_FILE', optionalSettings.FOYER_KEYS_FILE)
  const before = mistakes.length
  const token = read('FOYER_TOKEN_KEY', optionalSettings.FOYER_TOKEN_KEY)
  const lease = read('FOYER_LEASE_KEY', optionalSettings.FOYER_LEASE_KEY)
  const recovery = read('FOYER_RECOVERY_KEY', optionalSettings.FOYER_RECOVERY_KEY)
  if (token && lease && recovery) return { kind: 'jwks', token, lease, recovery }
  if (file !== undefined && !token && !lease && !recovery) return { kind: 'file', file }
  if (mistakes.length === before) {
    mistakes.push(
      'FOYER_KEYS_FILE is not set, but expects the path of the file with the keys; ' +
        'or set all of FOYER_TOKEN_KEY, FOYER_LEASE_KEY and FOYER_RECOVERY_KEY.',
    )
  }
  return { kind: 'file', file: '' }
}

const shown = (text: string, { isSecret }: Setting<unknown>): string =>
  isSecret ? `set (${text.length} characters, not shown)` : JSON.stringify(text.slice(0, 100))
