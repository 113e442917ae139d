import { randomInt } from 'node:crypto'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorBody } from '../../../src-shared/contract/http.ts'
import { newId } from '../../support/academy.ts'
import { signAssertion, startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'

let server: TestServer
let device: TestDevice
let token: string

beforeAll(async () => {
  // Believes X-Forwarded-For, so that requests can come from many addresses and none is locked out for long.
  server = await startSyncServer({ trustProxy: true })
  device = await server.enroll()
  token = await device.token()
})
afterAll(async () => server.close())

interface Sent {
  readonly method: string
  readonly path: string
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
}

const send = async ({ method, path, body, headers = {} }: Sent) => {
  const response = await fetch(server.url() + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && method !== 'GET' && method !== 'HEAD' && { body }),
  })
  return { status: response.status, text: await response.text() }
}

/** Refused with a 4xx, and in the one form that errors have. */
const expectRefusal = ({ status, text }: { readonly status: number; readonly text: string }): void => {
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(500)
  expect(() => errorBody.parse(JSON.parse(text))).not.toThrow()
}

const postRoutes = ['/v1/devices/enroll', '/v1/device-codes', '/v1/token', '/v1/sign-in', '/v1/mutations']

describe.each(postRoutes)('POST %s', (path) => {
  test.each<[string, Omit<Sent, 'method' | 'path'>]>([
    ['nothing', {}],
    ['an empty body', { body: '' }],
    ['half of a JSON', { body: '{"a":' }],
    ['a number', { body: '1' }],
    ['null', { body: 'null' }],
    ['a list', { body: '[]' }],
    ['a text', { body: '"x"' }],
    ['an empty object', { body: '{}' }],
    ['HTML', { body: '<html>', headers: { 'content-type': 'text/html' } }],
    ['a form', { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['a body of no type', { body: '{}', headers: { 'content-type': '' } }],
    ['bytes that are no UTF-8', { body: Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d) }],
    ['a NUL', { body: '{"code":"\\u0000","sign_in_name":"\\u0000","password":"\\u0000","assertion":"\\u0000"}' }],
    ['a lone surrogate', { body: '{"code":"\\ud800","sign_in_name":"\\ud800","password":"\\ud800"}' }],
    ['a prototype', { body: '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{}}}' }],
    ['200,000 levels', { body: `${'['.repeat(200_000)}${']'.repeat(200_000)}` }],
    ['200,000 levels in a mutation', { body: `{"mutations":[${'['.repeat(200_000)}${']'.repeat(200_000)}]}` }],
    [
      '20,000 keys',
      {
        body: JSON.stringify({
          mutations: [Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, n]))],
        }),
      },
    ],
    ['more than a megabyte', { body: JSON.stringify({ text: 'x'.repeat(1_000_001) }) }],
    ['a gzip that says so', { body: Uint8Array.of(0x1f, 0x8b, 8, 0), headers: { 'content-encoding': 'gzip' } }],
    ['an unknown character set', { body: '{}', headers: { 'content-type': 'application/json; charset=utf-32' } }],
  ])('refuses %s (H2)', async (_name, sent) => {
    expectRefusal(await send({ method: 'POST', path, ...sent }))
  })

  test('does not exist for other methods', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH']) expectRefusal(await send({ method, path, body: '{}' }))
  })
})

test.each([
  '/',
  '/v1',
  '/v1/',
  '/v1/shapes',
  '/v1/shape/',
  '//v1/shape',
  '/v1/%73hape%00',
  '/%',
  '/%ff',
  '/../etc/passwd',
  '/v1/shape%2f..',
])('%s is a 404 or another refusal, as JSON', async (path) => {
  const { status, text } = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)

  expectRefusal({ status, text })
})

test.each([
  ['no HTTP', 'hello\r\n\r\n'],
  ['an unknown method', 'BREW /v1/shape HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['an unknown version', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n'],
  ['two lengths', 'POST /v1/token HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
  [
    'a length and chunks',
    'POST /v1/token HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a negative length', 'POST /v1/token HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
  ['headers of 40 kB', `GET /v1/health HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`],
  [
    'a chunk that lies',
    'POST /v1/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nZZ\r\n',
  ],
])('%s is refused as JSON', async (_name, text) => {
  expectRefusal(await raw(text))
})

/** Sends bytes as they are, past every HTTP client. */
const raw = async (text: string): Promise<{ readonly status: number; readonly text: string }> => {
  const { hostname, port } = new URL(server.url())
  const socket = connect(Number(port), hostname)
  socket.write(text)
  let answer = ''
  for await (const chunk of socket.setEncoding('utf8')) answer += String(chunk)
  return { status: Number(answer.split(' ')[1]), text: answer.slice(answer.indexOf('\r\n\r\n') + 4) }
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.constantFrom(
    '',
    '\0',
    '\uD800',
    '-1',
    '0_0',
    'true',
    '__proto__',
    "' or 1=1 --",
    '%00',
    '../..',
    'x'.repeat(5000),
  ),
  fc.uuid(),
)
const anyValue = fc.oneof(
  anyText,
  fc.constantFrom(0, -1, 1, 1.5, 1e308, -0, 2 ** 31, 2 ** 53, null, true, [], {}),
  fc.jsonValue({ maxDepth: 4 }),
)

/** Requests that are almost right, to put one or more things in them out of order. */
const goodBodies = async (): Promise<Record<string, object>> => ({
  '/v1/devices/enroll': {
    code: await server.newCode(),
    name: 'Desk',
    public_key: { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' },
  },
  '/v1/device-codes': { lease: (await device.signIn()).lease, audience: 'desk' },
  '/v1/token': { assertion: await signAssertion(device.enrolled.device_id, device.privateKey) },
  '/v1/sign-in': { sign_in_name: 'sam.lee', password: 'x', recovery: null },
})

/** Arguments with which every command could do something. */
const goodArgs = ({ counter }: TestServer): Record<string, object> => {
  const [child] = counter.children
  const session_id = counter.session.id
  const entries = [{ student_id: child?.id, session_id }]
  return {
    'check_in.record': { entries },
    'check_in.undo': { check_in_ids: [newId()] },
    'check_out.record': { entries, guardian_id: null },
    'attendance.mark': { session_id, marks: [{ student_id: child?.id, code: 'present', note: null }] },
    'attendance.walk_in': { session_id, student_id: child?.id },
    'roll.close': { session_id },
    'payment.take': {
      family_id: counter.family.id,
      method_id: counter.cash.id,
      amount: 100,
      tendered: null,
      reference: null,
      allocations: [{ invoice_id: counter.invoices[0]?.id, amount: 50, already_paid: 0 }],
    },
    'payment.void': { payment_id: newId(), reason: 'x' },
  }
}

/** Puts `value` somewhere into a copy of `body`: which place, `where` says. */
const spoil = (body: unknown, where: number, value: unknown): unknown => {
  const copy: unknown = structuredClone(body)
  let place = copy
  for (let step = where; ; step = Math.floor(step / 7)) {
    if (typeof place !== 'object' || place === null) return value
    const keys = Object.keys(place)
    const key = keys[step % (keys.length + 1)]
    if (key === undefined) return Object.assign(place, { surprise: value }) && copy
    const inner: unknown = Reflect.get(place, key)
    if (step < 7 || typeof inner !== 'object' || inner === null) {
      Reflect.set(place, key, value)
      return copy
    }
    place = inner
  }
}

const headersOf = fc.record(
  {
    authorization: fc.oneof(
      fc.constant(undefined),
      fc.base64String({ maxLength: 100 }).map((text) => `Bearer ${text}`),
    ),
    'content-type': fc.constantFrom(
      'application/json',
      'text/plain',
      'application/json;charset=x',
      'multipart/form-data',
    ),
  },
  { requiredKeys: [] },
)

const anyAddress = (): Record<string, string> => ({ 'x-forwarded-for': `10.0.${randomInt(256)}.${randomInt(256)}` })

const isRight = (status: number): boolean => status >= 200 && status < 500

test('2,000 spoiled bodies get no 5xx, and the server goes on (H1)', async () => {
  const bodies = await goodBodies()
  const spoiled = fc.record({
    path: fc.constantFrom(...Object.keys(bodies)),
    places: fc.array(fc.tuple(fc.nat(2 ** 20), anyValue), { minLength: 1, maxLength: 3 }),
    headers: fc.option(headersOf, { freq: 8, nil: {} }),
    cut: fc.option(fc.nat(200), { freq: 8, nil: undefined }),
  })

  await fc.assert(
    fc.asyncProperty(spoiled, async ({ path, places, headers, cut }) => {
      const body = JSON.stringify(
        places.reduce<unknown>((sum, [where, value]) => spoil(sum, where, value), bodies[path]),
      )
      const defined = Object.fromEntries(Object.entries({ ...anyAddress(), ...headers }).filter(([, value]) => value))
      const { status, text } = await send({ method: 'POST', path, body: (body ?? '').slice(0, cut), headers: defined })
      expect({ status: isRight(status) ? 'right' : status, text }).toEqual({ status: 'right', text })
      expect(() => JSON.parse(text) as unknown).not.toThrow()
    }),
    { numRuns: 2000 },
  )

  expect(await send({ method: 'GET', path: '/v1/ready' })).toMatchObject({ status: 200 })
}, 180_000)

test('2,000 spoiled mutations get an outcome each or a 4xx, and none holds up the queue', async () => {
  const args = goodArgs(server)
  const other = await server.enroll()
  const spoiled = fc.record({
    command: fc.constantFrom(...Object.keys(args)),
    places: fc.array(fc.tuple(fc.nat(2 ** 20), anyValue), { maxLength: 2 }),
    isEnvelope: fc.constantFrom(true, false, false, false),
  })
  const outcomes = new Map<string, number>()
  let seq = 1

  await fc.assert(
    fc.asyncProperty(spoiled, async ({ command, places, isEnvelope }) => {
      const change = (good: unknown): unknown => places.reduce((sum, [where, value]) => spoil(sum, where, value), good)
      const envelope = await other.mutation(command, isEnvelope ? args[command] : change(args[command]), { seq })
      const { status, body } = await other.send(isEnvelope ? change(envelope) : envelope)
      expect(isRight(status) ? 'right' : status).toBe('right')
      for (const { outcome } of body.outcomes ?? []) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (status === 200) seq = body.last_seq + 1
    }),
    { numRuns: 2000 },
  )
  const last = await other.send(await other.mutation('roll.close', { session_id: newId() }, { seq }))

  // It got through to the commands, not only to the doors.
  expect([...outcomes.keys()].toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['applied', 'merged', 'refused'])
  expect(last).toMatchObject({ status: 200, body: { last_seq: seq, outcomes: [{ outcome: 'refused' }] } })
}, 180_000)

test('1,500 spoiled questions get no 5xx, and the server goes on (H5)', async () => {
  const { headers } = await device.request('/v1/shape?offset=-1')
  const good = { offset: headers.get('electric-offset') ?? '', handle: headers.get('electric-handle') ?? '' }
  const question = fc.record({
    path: fc.constantFrom('/v1/shape', '/v1/health', '/v1/ready', '/metrics', '/v1/openapi.json', '/v1/nothing'),
    // `live` is left out: a right live question would be held.
    query: fc.dictionary(
      fc.constantFrom('offset', 'handle', 'cursor', 'audience', 'where', 'table', 'columns', 'expired_handle'),
      anyText,
    ),
    from: fc.constantFrom({}, good, { offset: '-1' }),
    method: fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'DELETE'),
  })

  await fc.assert(
    fc.asyncProperty(question, async ({ path, query, from, method }) => {
      const search = new URLSearchParams(
        Object.entries({ ...from, ...query }).map(([key, value]) => [key, value.toWellFormed()]),
      )
      const { status } = await send({ method, path: `${path}?${search.toString()}` })
      expect(isRight(status) ? 'right' : status).toBe('right')
    }),
    { numRuns: 1500 },
  )

  expect(await send({ method: 'GET', path: '/v1/ready' })).toMatchObject({ status: 200 })
}, 120_000)
