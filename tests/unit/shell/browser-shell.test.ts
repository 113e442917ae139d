import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { ask, enter, openSocket, say, startBrowserShell } from '../../support/browser-shell.ts'
import { temporaryFolder, traversals } from '../../support/shell-folders.ts'
import { isAlive, until } from '../../support/until.ts'

const start = async (profile = temporaryFolder(), ...args: readonly string[]) => {
  const shell = await startBrowserShell(profile, ...args)
  if (!shell.url) throw new Error(shell.output())
  return { ...shell, url: shell.url, profile }
}

const bridge = async (url: URL, cookie: string): Promise<WebSocket> => {
  const socket = await openSocket(url, { cookie, origin: url.origin })
  if (!socket) throw new Error('The bridge was refused')
  return socket
}

test('the start URL works once and leaves a cookie that lets the page reload', async () => {
  const { url } = await start()

  const first = await ask(url, `${url.pathname}${url.search}`)
  const cookie = first.headers['set-cookie']?.[0] ?? ''
  const again = await ask(url, `${url.pathname}${url.search}`)
  const pages = [1, 2].map(() => ask(url, '/', { headers: { cookie: cookie.split(';')[0] ?? '' } }))

  expect(first).toMatchObject({ status: 303, headers: { location: '/' } })
  expect(cookie).toMatch(/^foyer-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
  expect(again.status).toBe(403)
  expect(again.headers['set-cookie']).toBeUndefined()
  expect((await Promise.all(pages)).map(({ status }) => status)).toEqual([200, 200])
})

test('without the cookie there is nothing, also not with a made-up token or cookie', async () => {
  const { url } = await start()
  const name = `foyer-${url.port}`

  const answers = await Promise.all([
    ask(url, '/'),
    ask(url, '/assets/main-abc.js'),
    ask(url, '/', { headers: { cookie: `${name}=` } }),
    ask(url, '/', { headers: { cookie: `${name}=${'a'.repeat(43)}` } }),
    ask(url, '/start'),
    ask(url, '/start?token=a.b'),
    ask(
      url,
      `/start?token=${(url.searchParams.get('token') ?? '').replace(/^./, (first) => (first === 'a' ? 'b' : 'a'))}`,
    ),
  ])

  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 403, 403, 403])
})

test('a request for another host is refused, whoever sends it', async () => {
  const { url } = await start()
  const cookie = await enter(url)
  const hosts = ['localhost', 'evil.example', '127.0.0.1', '127.0.0.1:1', `localhost:${url.port}`, `[::1]:${url.port}`]

  const answers = await Promise.all(hosts.map((host) => ask(url, '/', { headers: { cookie, host } })))
  const sockets = await Promise.all(hosts.map((host) => openSocket(url, { cookie, host, origin: url.origin })))

  expect(answers.map(({ status }) => status)).toEqual(hosts.map(() => 421))
  expect(sockets).toEqual(hosts.map(() => undefined))
})

test('a request from another origin is refused', async () => {
  const { url } = await start()
  const cookie = await enter(url)
  const origins = ['http://evil.example', 'null', `http://localhost:${url.port}`, `https://${url.host}`, 'app://foyer']

  const answers = await Promise.all(origins.map((origin) => ask(url, '/', { headers: { cookie, origin } })))
  const sockets = await Promise.all(origins.map((origin) => openSocket(url, { cookie, origin })))

  expect(answers.map(({ status }) => status)).toEqual(origins.map(() => 403))
  expect(sockets).toEqual(origins.map(() => undefined))
})

test('the bridge opens only with the cookie, the own origin and its own path', async () => {
  const { url } = await start()
  const cookie = await enter(url)
  const { origin } = url

  const refused = await Promise.all([
    openSocket(url, { origin }),
    openSocket(url, { cookie }),
    openSocket(url, { cookie: 'foyer-1=x', origin }),
    openSocket(url, { cookie, origin }, '/'),
    openSocket(url, { cookie, origin }, '/bridge/'),
  ])

  expect(refused).toEqual(refused.map(() => undefined))
  expect(await openSocket(url, { cookie, origin })).toBeDefined()
})

test('calls go to the data process with the secret, and every window gets its pushes', async () => {
  const { url, profile } = await start()
  const cookie = await enter(url)
  const [first, second] = [await bridge(url, cookie), await bridge(url, cookie)]
  const pushed = new Promise((resolve) =>
    second.once('message', (data) => resolve(JSON.parse((data as Buffer).toString()))),
  )

  const reply = await say(first, JSON.stringify({ id: 1, channel: 'query', input: { name: 'q' } }))
  first.send(JSON.stringify({ id: 2, channel: 'command', input: { name: 'push' } }))

  const deviceSecret = readFileSync(join(profile, 'device-secret'), 'utf8').trim()
  expect(reply).toMatchObject({
    id: 1,
    reply: { ok: true, value: { input: { name: 'q' }, started: { profileFolder: profile, deviceSecret } } },
  })
  expect(await pushed).toEqual({ push: 'tables-changed', data: { tables: ['check_ins'] } })
})

test('a channel that is not in the contract is refused', async () => {
  const { url } = await start()
  const socket = await bridge(url, await enter(url))

  const replies = [
    await say(socket, JSON.stringify({ id: 1, channel: 'shell.run' })),
    await say(socket, JSON.stringify({ id: 2, channel: '__proto__' })),
  ]

  const error = { ok: false, error: { code: 'invalid_input' } }
  expect(replies).toMatchObject([
    { id: 1, reply: error },
    { id: 2, reply: error },
  ])
})

test('a message that is no call, or too long, closes the bridge', async () => {
  const { url } = await start()
  const cookie = await enter(url)
  const tooLong = JSON.stringify({ id: 1, channel: 'query', input: 'x'.repeat(1_000_001) })
  const texts = ['hello', '{}', '{"id":-1,"channel":"query"}', tooLong]

  const codes = await Promise.all(texts.map(async (text) => say(await bridge(url, cookie), text)))

  expect(codes).toEqual([1008, 1008, 1008, 1009])
})

test('no path leads out of the folder of the window', async () => {
  const { url } = await start()
  const cookie = await enter(url)
  const paths = traversals.filter((path) => path.startsWith('/'))

  const answers = await Promise.all(paths.map((path) => ask(url, path, { headers: { cookie } })))

  expect(answers.map(({ status, body }) => ({ status, body }))).toEqual(
    paths.map(() => ({ status: 404, body: 'Not found.\n' })),
  )
})

test('every answer carries the policy, also refusals', async () => {
  const { url } = await start()
  const cookie = await enter(url)

  const answers = await Promise.all([
    ask(url, '/', { headers: { cookie } }),
    ask(url, '/'),
    ask(url, '/start'),
    ask(url, '/nothing', { headers: { cookie } }),
    ask(url, '/', { headers: { cookie, host: 'evil.example' } }),
    ask(url, '/', { headers: { cookie }, method: 'POST' }),
  ])

  for (const { headers } of answers) {
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self';")
    expect(headers['content-security-policy']).toContain(`connect-src ws://${url.host};`)
    expect(headers['referrer-policy']).toBe('no-referrer')
    expect(headers['x-content-type-options']).toBe('nosniff')
  }
  expect(answers.map(({ status }) => status)).toEqual([200, 401, 403, 404, 421, 405])
})

test('a second start on the same profile ends with one line, and its URL opens the first one', async () => {
  const { profile } = await start()

  const second = await startBrowserShell(profile)

  const code = await second.exitCode
  const line = second.output().trimEnd()
  expect(code).toBe(1)
  expect(line).toMatch(/^Foyer is open already with .*: http:\/\/127\.0\.0\.1:\d+\/start\?token=\S+$/)
  const url = new URL(line.slice(line.indexOf('http')))
  expect((await ask(url, `${url.pathname}${url.search}`)).status).toBe(303)
})

test('a start after kill -9 finds no lock, and links of the killed one are worth nothing', async () => {
  const { profile, child, url } = await start()
  child.kill('SIGKILL')
  await until(() => child.exitCode !== null || child.signalCode !== null)

  const second = await start(profile)

  const old = `${url.pathname}${url.search}`
  expect((await ask(second.url, old)).status).toBe(403)
})

test('files that a killed program left, with the number of a program that lives, do not keep the next one out', async () => {
  const profile = temporaryFolder()
  writeFileSync(join(profile, 'lock'), '')
  writeFileSync(join(profile, 'running.json'), JSON.stringify({ pid: process.pid, port: 1, start_key: 'old' }))

  const { child, url } = await start(profile)

  const running: unknown = JSON.parse(readFileSync(join(profile, 'running.json'), 'utf8'))
  expect(running).toMatchObject({ pid: child.pid, port: Number(url.port) })
})

test('what opens the window or the data can be read by its owner only', async () => {
  const { profile } = await start()

  const modes = ['device-secret', 'running.json', 'lock'].map((name) => statSync(join(profile, name)).mode & 0o777)

  expect(modes).toEqual([0o600, 0o600, 0o600])
})

test('a port that was asked for and is taken is named in one line', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as AddressInfo

  const { output, exitCode, url } = await startBrowserShell(temporaryFolder(), '--port', String(port))

  expect(url).toBeUndefined()
  expect(await exitCode).toBe(1)
  expect(output().trimEnd()).toBe(
    `Port ${port} is taken by another program: choose another one with --port, or leave it out.`,
  )
  taken.close()
})

test('a damaged device secret ends the start with one line and nothing is changed', async () => {
  const profile = temporaryFolder()
  writeFileSync(join(profile, 'device-secret'), 'damaged')

  const { output, exitCode } = await startBrowserShell(profile)

  expect(await exitCode).toBe(1)
  expect(output()).toContain('does not hold a device secret')
  expect(readFileSync(join(profile, 'device-secret'), 'utf8')).toBe('damaged')
})

test('when it is asked to stop, or whoever started it is gone, the data process ends too', async () => {
  const shells = [await start(), await start()]
  const pids = await Promise.all(
    shells.map(async ({ url }) => {
      const socket = await bridge(url, await enter(url))
      const answer = (await say(socket, JSON.stringify({ id: 1, channel: 'app.state' }))) as {
        reply: { value: { pid: number } }
      }
      return answer.reply.value.pid
    }),
  )

  shells[0]?.child.kill('SIGTERM')
  shells[1]?.child.disconnect()

  expect(await Promise.all(shells.map(({ exitCode }) => exitCode))).toEqual([0, 0])
  await until(() => !pids.some(isAlive))
})
