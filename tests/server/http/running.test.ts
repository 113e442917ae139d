import { Writable } from 'node:stream'
import { connect } from 'node:net'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import {
  newDeviceKey,
  password,
  pause,
  postJson,
  signInName,
  startSyncServer,
  type TestServer,
} from '../../support/sync-server.ts'
import { until } from '../../support/until.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const open = async (...parameters: Parameters<typeof startSyncServer>): Promise<TestServer> => {
  server = await startSyncServer(...parameters)
  return server
}

describe('a server that is closed', () => {
  test('answers held requests with up-to-date and then takes no more', async () => {
    const { enroll, server: running, url } = await open({ pollSeconds: 30 })
    const device = await enroll()
    const first = await device.request('/v1/shape?offset=-1')
    const query = `offset=${first.headers.get('electric-offset')}&handle=${first.headers.get('electric-handle')}`
    const held = Array.from({ length: 20 }, async () => device.request<unknown[]>(`/v1/shape?${query}&live=true`))
    await until(async () => (await (await fetch(`${url()}/metrics`)).text()).includes('foyer_held_requests 20'))

    await running().close()

    for (const answer of await Promise.all(held)) {
      expect(answer.status).toBe(200)
      expect(answer.body).toMatchObject([{ headers: { control: 'up-to-date' } }])
    }
    await expect(fetch(`${url()}/v1/health`)).rejects.toThrow('fetch failed')
  })
})

describe('a server without its database', () => {
  test('answers 503 with Retry-After, keeps nothing half, and goes on when the database is back', async () => {
    const { enroll, sql, counter, url } = await open()
    const device = await enroll()
    const entries = [{ student_id: counter.children[0]?.id, session_id: counter.session.id }]
    const mutation = await device.mutation('check_in.record', { entries })
    // Whoever is connected is thrown out, and nobody new is let in but the superuser.
    const [{ name } = { name: '' }] = await sql<{ name: string }>('select current_database() as name')
    await sql(`alter database ${name} connection limit 0`)
    await sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'foyer_server' and datname = current_database()`,
    )
    await pause(200)

    const [sent, ready, health] = [
      await device.send(mutation),
      await fetch(`${url()}/v1/ready`),
      await fetch(`${url()}/v1/health`),
    ]
    await sql(`alter database ${name} connection limit -1`)
    const again = await device.send(mutation)

    expect(sent).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(Number(sent.headers.get('retry-after'))).toBeGreaterThan(0)
    expect([ready.status, health.status]).toEqual([503, 200])
    expect(again.body.outcomes[0]?.outcome).toBe('applied')
  })

  test('counts no try of a password that it could not look at, and no read-only database as a fault of its own', async () => {
    const { enroll, sql, databaseUrl } = await open()
    const device = await enroll()
    await device.token()
    const signIn = async () =>
      (await device.post('/v1/sign-in', { sign_in_name: signInName, password, recovery: null })).status
    // As a standby is while nobody has promoted it.
    const role = new URL(databaseUrl).username
    const setReadOnly = async (how: string) => {
      await sql(
        `alter role ${role} in database ${(await sql<{ name: string }>('select current_database() as name'))[0]?.name} ${how}`,
      )
      await sql(
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}' and datname = current_database()`,
      )
      await pause(200)
    }
    await setReadOnly('set default_transaction_read_only = on')

    const statuses: number[] = []
    for (let tries = 0; tries < 12; tries += 1) statuses.push(await signIn())
    await setReadOnly('reset default_transaction_read_only')

    expect(new Set(statuses)).toEqual(new Set([503]))
    expect(await signIn()).toBe(200)
  })
})

describe('limits', () => {
  test('a device that asks too often is told when to come again, and others are not disturbed', async () => {
    const { enroll } = await open({ deviceRequests: 20 })
    const [eager, calm] = [await enroll(), await enroll()]
    await Promise.all([eager.token(), calm.token()])

    const answers = await Promise.all(Array.from({ length: 40 }, async () => eager.request('/v1/shape?offset=-1')))
    const other = await calm.request('/v1/shape?offset=-1')

    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(20)
    expect(refused[0]).toMatchObject({ body: { code: 'rate_limited' } })
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(other.status).toBe(200)
  })

  test('an address that asks for tokens too often is told so', async () => {
    const { url } = await open({ addressRequests: 5 })

    const answers = await Promise.all(
      Array.from({ length: 8 }, async () =>
        fetch(`${url()}/v1/token`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"assertion":"x"}',
        }),
      ),
    )

    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      401, 401, 401, 401, 401, 429, 429, 429,
    ])
  })

  test('the addresses of one IPv6 network count as one, for tokens as for codes', async () => {
    const { url } = await open({ addressRequests: 12, trustProxy: true })
    const post = async (path: string, body: object, network: string, number: number) => {
      const answer = await postJson<{ code: string }>(`${url()}/v1/${path}`, body, {
        'x-forwarded-for': `2001:db8:0:${network}::${number}`,
      })
      return answer.body.code
    }
    const code = { code: '0000-0000-0000', name: 'Desk', public_key: (await newDeviceKey()).publicJwk }
    const [tokens, codes]: [string[], string[]] = [[], []]

    for (let number = 1; number <= 13; number += 1) tokens.push(await post('token', { assertion: 'x' }, '1', number))
    for (let number = 1; number <= 11; number += 1) codes.push(await post('devices/enroll', code, '2', number))

    expect(tokens.filter((each) => each === 'rate_limited')).toHaveLength(1)
    expect(codes.filter((each) => each === 'too_many_attempts')).toHaveLength(1)
    expect(await post('token', { assertion: 'x' }, '3', 1)).toBe('unauthenticated')
  })

  test('a request that never ends is cut off, also when nobody reads the answer and closes the line (N5)', async () => {
    const { url } = await open()
    const { hostname, port } = new URL(url())
    const socket = connect(Number(port), hostname)
    socket.write('POST /v1/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{')

    const deaf = connect(Number(port), hostname)
    const hungUp = new Promise((resolve) => deaf.once('close', resolve))
    deaf.on('error', () => undefined).write('POST /v1/token HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    const drip = setInterval(() => deaf.write('x'), 500)

    let answer = ''
    for await (const chunk of socket.setEncoding('utf8')) answer += String(chunk)
    await hungUp
    clearInterval(drip)

    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /)
  })
})

test('the log names devices and routes, but no person, password, token, code or argument', async () => {
  const lines: string[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk))
      done()
    },
  })
  const { enroll, counter, newCode, url } = await open({}, Date.now, pino({ level: 'trace' }, stream))
  const device = await enroll()
  const { lease } = await device.signIn()
  const entries = [{ student_id: counter.children[0]?.id, session_id: counter.session.id }]
  await device.send(await device.mutation('check_in.record', { entries }))
  await device.send(await device.mutation('attendance.mark', { session_id: 'CANARY-ARGUMENT' }))
  await device.request('/v1/shape?offset=-1&where=CANARY-QUERY')
  await device.post('/v1/sign-in', { sign_in_name: 'CANARY-NAME', password: 'CANARY-PASSWORD', recovery: null })
  const code = await newCode()
  await fetch(`${url()}/v1/devices/enroll`, { method: 'POST', body: `{"code":"${code}","name":"CANARY-DEVICE"}` })

  const text = lines.join('')

  expect(text).toContain('"route":"/v1/mutations"')
  expect(text).toContain(device.enrolled.device_id)
  for (const secret of [
    'CANARY',
    password,
    signInName,
    'Mia',
    await device.token(),
    lease,
    code,
    counter.family.name,
  ]) {
    expect(text).not.toContain(secret)
  }
})

describe('a large answer', () => {
  test('is compressed for those who ask from elsewhere, and says the same', async () => {
    const { enroll } = await open({ trustProxy: true })
    const device = await enroll()
    const elsewhere = { headers: { 'x-forwarded-for': '203.0.113.7' } }

    const [near, far] = [
      await device.request('/v1/shape?offset=-1'),
      await device.request('/v1/shape?offset=-1', elsewhere),
    ]

    expect([near.headers.get('content-encoding'), far.headers.get('content-encoding')]).toEqual([null, 'gzip'])
    expect(far.body).toEqual(near.body)
  })
})

test('the OpenAPI page describes every route', async () => {
  const { url } = await open()

  const page = (await (await fetch(`${url()}/v1/openapi.json`)).json()) as { paths: Record<string, object> }

  expect(Object.keys(page.paths)).toEqual([
    '/v1/health',
    '/v1/ready',
    '/metrics',
    '/v1/devices/enroll',
    '/v1/device-codes',
    '/v1/devices/release',
    '/v1/token',
    '/v1/sign-in',
    '/v1/shape',
    '/v1/snapshot',
    '/v1/snapshot/part',
    '/v1/mutations',
    '/v1/digests',
    '/v1/rows',
    '/v1/openapi.json',
  ])
})
