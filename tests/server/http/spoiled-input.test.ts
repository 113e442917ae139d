import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newId } from '../../support/academy.ts'
import { anyRequests } from '../../support/any-requests.ts'
import { signAssertion, type TestServer } from '../../support/sync-server.ts'

const { server, device, send } = anyRequests()

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
    code: await server().newCode(),
    name: 'Desk',
    public_key: { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' },
  },
  '/v1/device-codes': { lease: (await device().signIn()).lease, audience: 'desk' },
  '/v1/token': { assertion: await signAssertion(device().enrolled.device_id, device().privateKey) },
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
  const args = goodArgs(server())
  const other = await server().enroll()
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
  const { headers } = await device().request('/v1/shape?offset=-1')
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
