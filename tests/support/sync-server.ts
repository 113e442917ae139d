import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { Pool } from 'pg'
import { pino } from 'pino'
import { v7 } from 'uuid'
import type {
  EnrollResponse,
  MutationEnvelope,
  MutationsResponse,
  SignInResponse,
} from '../../src-shared/contract/http.ts'
import { formatHlc } from '../../src-shared/hlc.ts'
import { toMutationId } from '../../src-shared/ids.ts'
import { createDeviceCode } from '../../sync-server/auth/codes.ts'
import { createKeys, type ServerKeys } from '../../sync-server/auth/keys.ts'
import { hashPassword } from '../../sync-server/auth/sign-in.ts'
import { buildServer, type Server } from '../../sync-server/app.ts'
import { type Config, readConfig } from '../../sync-server/config.ts'
import { openPostgres, type Postgres } from '../../sync-server/db/postgres.ts'
import { academy } from './academy.ts'
import { type Counter, counterRows } from './counter-rows.ts'
import { createFoyerDatabase } from './foyer-database.ts'

export const password = 'correct horse battery staple'
export const signInName = 'sam.lee'

export interface TestServer {
  readonly counter: Counter
  readonly keys: ServerKeys
  readonly url: () => string
  readonly server: () => Server
  readonly postgres: Postgres
  /** Of the superuser. */
  readonly adminUrl: string
  /** Of the server's own role. */
  readonly databaseUrl: string
  /** Runs SQL as the superuser, past row-level security. */
  readonly sql: <T = Record<string, unknown>>(text: string, values?: readonly unknown[]) => Promise<readonly T[]>
  readonly insert: (table: string, row: object) => Promise<void>
  /** A one-time code for a desk at the counter's facility. */
  readonly newCode: () => Promise<string>
  readonly enroll: (options?: { facilityId?: string; audience?: 'desk' | 'office' }) => Promise<TestDevice>
  /** Stops the server and starts another one on the same database and port. */
  readonly restart: () => Promise<void>
  readonly close: () => Promise<void>
}

const testConfig: Partial<Config> = { deviceRequests: 1_000_000, addressRequests: 1_000_000, pollSeconds: 1 }

/** A sync server on a database of its own, with the rows of a counter and one staff member who may do everything. */
export const startSyncServer = async (
  over: Partial<Config> = {},
  now = Date.now,
  log = pino({ level: 'silent' }),
  patience?: number,
): Promise<TestServer> => {
  const database = await createFoyerDatabase()
  const admin = new Pool({ connectionString: database.adminUrl, max: 2 })
  // The pool has ended a little before its connections have, and then the database is dropped.
  admin.on('error', () => undefined)
  const counter = counterRows()
  const insert = insertInto(admin)
  await seed(insert, counter)
  const { serverUrl } = database
  const postgres = openPostgres({ url: serverUrl, ...(patience && { patience }) })
  const keys = await createKeys()
  const config = {
    ...readConfig({ DATABASE_URL: serverUrl, FOYER_KEYS_FILE: '-', PORT: '0' }),
    ...testConfig,
    ...over,
  }
  const start = async (port: number) => {
    const server = await buildServer({ config: { ...config, port }, db: postgres.db, keys, log, now })
    return { server, url: await server.listen() }
  }
  let running = await start(0)
  const url = (): string => running.url
  return {
    counter,
    keys,
    url,
    server: () => running.server,
    postgres,
    adminUrl: database.adminUrl,
    databaseUrl: serverUrl,
    insert,
    sql: async <T>(text: string, values: readonly unknown[] = []) => {
      const { rows } = await admin.query(text, [...values])
      // The test says what it selects.
      return rows as readonly T[]
    },
    newCode: async () => {
      const order = { facilityId: academy.facility_id, audience: 'desk', createdBy: null, minutes: 10 } as const
      return (await createDeviceCode(postgres.db, order, now())).code
    },
    enroll: async ({ facilityId = academy.facility_id, audience = 'desk' } = {}) => {
      const { code } = await createDeviceCode(
        postgres.db,
        { facilityId, audience, createdBy: null, minutes: 10 },
        now(),
      )
      return enrollDevice(url, code, now)
    },
    restart: async () => {
      const { port } = new URL(running.url)
      await running.server.close()
      running = await start(Number(port))
    },
    close: async () => {
      await running.server.close()
      await postgres.close()
      await admin.end()
      await database.drop()
    },
  }
}

const insertInto =
  (admin: Pool) =>
  async (table: string, row: object): Promise<void> => {
    // What it does not say has its default, such as a column that came later.
    const columns = Object.keys(row)
      .map((name) => `"${name}"`)
      .join()
    await admin.query(
      `insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1)`,
      [JSON.stringify(row)],
    )
  }

const seed = async (insert: ReturnType<typeof insertInto>, { rows }: Counter): Promise<void> => {
  for (const [table, list] of Object.entries(rows)) {
    // Devices enroll themselves.
    if (table === 'devices' || table === 'tills') continue
    for (const row of list) await insert(table, row)
  }
  await insert('staff_credentials', {
    id: academy.staff_id,
    organization_id: academy.organization_id,
    sign_in_name: signInName,
    password_hash: await hashPassword(password),
  })
}

export interface Answered<T = unknown> {
  readonly status: number
  readonly headers: Headers
  readonly body: T
}

export interface TestDevice {
  readonly enrolled: EnrollResponse
  readonly privateKey: CryptoKey
  readonly token: () => Promise<string>
  readonly request: <T>(path: string, init?: RequestInit) => Promise<Answered<T>>
  readonly post: <T>(path: string, body: unknown) => Promise<Answered<T>>
  readonly signIn: () => Promise<SignInResponse>
  /** A mutation with the next number of this device. */
  readonly mutation: (command: string, args: unknown, over?: Partial<MutationEnvelope>) => Promise<MutationEnvelope>
  readonly send: (...mutations: readonly unknown[]) => Promise<Answered<MutationsResponse>>
}

export const newDeviceKey = async (): Promise<{ readonly privateKey: CryptoKey; readonly publicJwk: JWK }> => {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const { kty, crv, x } = await exportJWK(publicKey)
  return { privateKey, publicJwk: { kty, ...(crv && { crv }), ...(x && { x }) } }
}

export const signAssertion = async (deviceId: string, privateKey: CryptoKey, atMs = Date.now()): Promise<string> =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer(deviceId)
    .setAudience('foyer')
    .setJti(randomUUID())
    .setIssuedAt(Math.floor(atMs / 1000))
    .sign(privateKey)

export const postJson = async <T>(url: string, body: unknown, headers: Record<string, string> = {}) =>
  answered<T>(
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }),
  )

/** Every answer of the server is JSON. */
const answered = async <T>(response: Response): Promise<Answered<T>> => {
  const text = await response.text()
  // The test says what it expects, and looks.
  const body = (text === '' ? undefined : JSON.parse(text)) as T
  return { status: response.status, headers: response.headers, body }
}

const enrollDevice = async (url: () => string, code: string, now: () => number): Promise<TestDevice> => {
  const { privateKey, publicJwk } = await newDeviceKey()
  const name = 'Desk 1'
  const { body: enrolled } = await postJson<EnrollResponse>(`${url()}/v1/devices/enroll`, {
    code,
    name,
    public_key: publicJwk,
  })
  const deviceId = enrolled.device_id
  let token: Promise<string> | undefined
  let lease: Promise<SignInResponse> | undefined
  let seq = 0
  let seriesNumber = 0

  const requestToken = async (): Promise<string> => {
    const assertion = await signAssertion(deviceId, privateKey, now())
    const { body } = await postJson<{ token: string }>(`${url()}/v1/token`, { assertion })
    return body.token
  }
  const device: TestDevice = {
    enrolled,
    privateKey,
    token: async () => (token ??= requestToken()),
    request: async <T>(path: string, init: RequestInit = {}) => {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${await device.token()}`)
      return answered<T>(await fetch(url() + path, { ...init, headers }))
    },
    post: async (path, body) =>
      device.request(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    signIn: async () =>
      (lease ??= device
        .post<SignInResponse>('/v1/sign-in', { sign_in_name: signInName, password, recovery: null })
        .then(({ body }) => body)),
    mutation: async (command, args, over = {}) => {
      const { staff, lease_id } = await device.signIn()
      seq += 1
      const drawn = command === 'payment.take' ? (seriesNumber += 1) : null
      return {
        id: toMutationId(v7()),
        seq,
        command,
        version: 1,
        args,
        staff_id: staff.id,
        lease_id,
        at: new Date().toISOString(),
        hlc: formatHlc({ ms: Date.now(), counter: 0 }, deviceId),
        series_number: drawn,
        ...over,
      }
    },
    send: async (...mutations) => device.post('/v1/mutations', { mutations }),
  }
  return device
}

export const pause = async (milliseconds: number): Promise<void> => delay(milliseconds)
