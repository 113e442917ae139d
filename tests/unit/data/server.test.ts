import { generateKeyPair, exportJWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { requestHeader } from '../../../src-shared/contract/http.ts'
import { connectServer, Outage } from '../../../src-main/data/sync/server.ts'
import { environmentWith } from '../../support/environment.ts'

const token = { token: 'a', expires_at: '2099-01-01T00:00:00.000Z' }

const page = (status: number): Response =>
  new Response('<!doctype html><title>Welcome</title>', {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
  })

const connect = async (answer: (path: string, headers: Headers) => Response, now: () => number = Date.now) => {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const contacts: (string | undefined)[] = []
  const details: unknown[] = []
  const server = connectServer({
    url: 'http://server',
    identity: { deviceId: 'device', privateKey: await exportJWK(privateKey) },
    environment: environmentWith({
      now,
      fetch: async (input, init) => answer(new URL(input as string).pathname, new Headers(init?.headers)),
    }),
    onContact: (problem) => {
      contacts.push(problem?.code)
      details.push(problem?.details)
    },
  })
  return { server, contacts, details }
}

test.each([200, 403, 511])(
  'a web page with %s is a line without our server behind it, not an answer (N4)',
  async (status) => {
    const { server, contacts } = await connect((path) => (path === '/v1/token' ? Response.json(token) : page(status)))

    await expect(server.fetch('http://server/v1/shape')).rejects.toThrow(Outage)

    expect(contacts).toEqual([undefined, 'unavailable'])
  },
)

test('a gateway that says "later" by a page is asked again when it said', async () => {
  const { server, contacts } = await connect((path) => (path === '/v1/token' ? Response.json(token) : page(502)))

  const { status } = await server.fetch('http://server/v1/shape')

  expect(status).toBe(502)
  expect(contacts).toEqual([undefined, 'unavailable'])
})

describe('an answer that a proxy has kept of another request is none (N8)', () => {
  /** Its name is that of the first request to the path. */
  const keeping = async (kept: string) => {
    let first: string | undefined
    return connect((path, headers) => {
      const name = headers.get(requestHeader) ?? ''
      if (path === kept) first ??= name
      const body = path === '/v1/token' ? token : { n: 1 }
      return Response.json(body, { headers: { [requestHeader]: path === kept ? (first ?? '') : name } })
    })
  }

  test('to what was sent', async () => {
    const { server } = await keeping('/v1/mutations')
    const ask = () => server.post('/v1/mutations', {}, z.object({ n: z.number() }))

    expect(await ask()).toEqual({ n: 1 })

    await expect(ask()).rejects.toThrow(Outage)
  })

  test('of the log: what changed between the two would be in neither', async () => {
    const { server, contacts } = await keeping('/v1/shape')
    const ask = () => server.fetch('http://server/v1/shape?offset=5_0')

    expect((await ask()).status).toBe(200)

    await expect(ask()).rejects.toThrow(Outage)
    expect(contacts.at(-1)).toBe('unavailable')
  })
})

describe('how far the clock of this computer is ahead (T4)', () => {
  const year = 365 * 24 * 3600
  const serverMs = Date.parse('2026-11-21T05:05:00.000Z')
  const date = new Date(serverMs).toUTCString()
  const named = (headers: Headers) => ({ [requestHeader]: headers.get(requestHeader) ?? '' })

  /** Answers by a server, after which the clock is three years ahead of the date that it says. */
  const ahead = (answer: (headers: Headers) => Response, nowMs = serverMs + 3 * year * 1000) =>
    connect(
      (path, headers) => (path === '/v1/token' ? Response.json(token, { headers: named(headers) }) : answer(headers)),
      () => nowMs,
    )

  test('is not known before there was an answer', async () => {
    const { server } = await ahead(() => new Response())

    expect(server.clockAhead()).toBeNull()
  })

  test.each([200, 401, 503])('is told by an answer with %i', async (status) => {
    const { server } = await ahead((headers) => Response.json({}, { status, headers: { ...named(headers), date } }))

    await server.fetch('http://server/v1/shape')

    expect(server.clockAhead()).toBe(3 * year)
  })

  test.each([
    ['a captive portal', () => new Response('<p>', { headers: { 'content-type': 'text/html', date } })],
    ['a cache', () => Response.json({}, { headers: { [requestHeader]: 'of another request', date } })],
    ['whoever does not know the name of the request', () => Response.json({}, { headers: { date } })],
  ])('is nothing that %s can tell', async (_who, answer) => {
    const { server } = await ahead(answer)

    await server.fetch('http://server/v1/shape').catch(() => undefined)

    expect(server.clockAhead()).toBeNull()
  })

  test('is null when it is right', async () => {
    const { server } = await ahead((headers) => Response.json({}, { headers: { ...named(headers), date } }), serverMs)

    await server.fetch('http://server/v1/shape')

    expect(server.clockAhead()).toBeNull()
  })
})

test.each([
  ['CERT_HAS_EXPIRED', { certificate: 'not_now' }],
  ['CERT_NOT_YET_VALID', { certificate: 'not_now' }],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', {}],
  ['ECONNREFUSED', {}],
])('%s tells of the line as much as is known of the clock (T4)', async (code, expected) => {
  const { server, contacts, details } = await connect(() => {
    // As the fetch of Node says it.
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('By TLS or TCP'), { code }) })
  })

  await expect(server.fetch('https://server/v1/shape')).rejects.toThrow(Outage)

  expect(contacts).toEqual(['unavailable'])
  expect(details).toEqual([expected])
})
