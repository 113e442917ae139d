import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { errorBody } from '../../../src-shared/contract/http.ts'
import { anyRequests, type Sent } from '../../support/any-requests.ts'

const { server, send } = anyRequests()

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
  const { hostname, port } = new URL(server().url())
  const socket = connect(Number(port), hostname)
  socket.write(text)
  let answer = ''
  for await (const chunk of socket.setEncoding('utf8')) answer += String(chunk)
  return { status: Number(answer.split(' ')[1]), text: answer.slice(answer.indexOf('\r\n\r\n') + 4) }
}
