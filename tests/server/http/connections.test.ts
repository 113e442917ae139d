import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect, createServer, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { limitConnections } from '../../../sync-server/connections.ts'
import { startSyncServer, type TestServer } from '../../support/sync-server.ts'
import { until } from '../../support/until.ts'

let server: TestServer | undefined
let sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets = []
  await server?.close()
  server = undefined
})

const open = async (...parameters: Parameters<typeof startSyncServer>): Promise<TestServer> => {
  server = await startSyncServer(...parameters)
  return server
}

const gaugeOf = async (name: string): Promise<number> => {
  const metrics = (await server?.server().metrics.text()) ?? ''
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1])
}

/** Opens sockets that send nothing, and waits until the server keeps so many of them and has closed the others. */
const openSockets = async (count: number, kept: number): Promise<void> => {
  const { port } = new URL(server?.url() ?? '')
  let closed = 0
  for (let number = 0; number < count; number += 1) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => undefined).on('close', () => (closed += 1))
    sockets.push(socket)
  }
  await until(() => closed === count - kept)
  await until(async () => (await gaugeOf('foyer_connections')) === kept)
}

describe('sockets (FAULTS N5)', () => {
  test('of one address are bounded, and when some are closed others may come', async () => {
    await open({ addressConnections: 10 })

    await openSockets(14, 10)
    expect(await gaugeOf('foyer_connections_turned_away')).toBe(4)
    for (const socket of sockets) socket.destroy()
    await until(async () => (await gaugeOf('foyer_connections')) === 0)
    await openSockets(10, 10)
  })

  test('are bounded in all', async () => {
    await open({ mostConnections: 12 })

    await openSockets(15, 12)
    expect(await gaugeOf('foyer_connections_turned_away')).toBe(3)
  })

  test.each([true, '10.0.0.0/8, 127.0.0.1'])('of a trusted proxy stand for many clients (%s)', async (trustProxy) => {
    await open({ addressConnections: 10, trustProxy })

    await openSockets(15, 15)
    expect(await gaugeOf('foyer_connections_turned_away')).toBe(0)
  })

  test('of one IPv6 network are bounded as of one address', () => {
    const server = createServer()
    const connections = limitConnections(server, { mostConnections: 100, addressConnections: 10, trustProxy: false })
    const come = (remoteAddress: string): boolean => {
      const socket = new Socket()
      Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress })
      server.emit('connection', socket)
      return !socket.destroyed
    }

    const same = Array.from({ length: 12 }, (_, number) => come(`2001:db8:0:1:${number}::1`))

    expect(same.filter(Boolean)).toHaveLength(10)
    expect(come('2001:db8:0:2::1')).toBe(true)
    expect(connections.turnedAway()).toBe(2)
  })

  test('that say too little are given up after 10 s of headers and 15 s of a request', async () => {
    const { server: running } = await open()

    expect(running().app.server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 15_000 })
  })
})

describe('a line on which nothing moves any more', () => {
  const silent = async (): Promise<void> => {
    const { server: running } = await open({ pollSeconds: 2 })
    expect(running().app.server.timeout).toBe(60_000)
    running().app.server.setTimeout(1000)
  }

  test('is cut when somebody asks for much and reads none of it', async () => {
    await silent()
    const deaf = connect(Number(new URL(server?.url() ?? '').port), '127.0.0.1')
    sockets.push(deaf)
    deaf.on('error', () => undefined).pause()
    deaf.write('GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2000))
    await until(async () => (await gaugeOf('foyer_connections')) === 1)

    await until(async () => (await gaugeOf('foyer_connections')) === 0)
    expect(deaf.readableLength).toBe(0)
  })

  test('is not cut where it only waits for the next request', async () => {
    await silent()
    const { port } = new URL(server?.url() ?? '')
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports: unknown[] = []
    const ask = async () => {
      const request = get({ port, path: '/v1/health', agent })
      const [answer] = (await once(request, 'response')) as [IncomingMessage]
      ports.push(request.socket?.localPort)
      answer.resume()
      await once(answer, 'end')
    }

    await ask()
    await delay(2000)
    await ask()

    expect(ports[1]).toBe(ports[0])
    agent.destroy()
  })
})

describe('held requests', () => {
  test('of one device are bounded: the oldest is answered when one too many begins', async () => {
    const { enroll } = await open({ pollSeconds: 20 })
    const [device, other] = [await enroll(), await enroll()]
    const first = await device.request('/v1/shape?offset=-1')
    const place = `offset=${first.headers.get('electric-offset')}&handle=${first.headers.get('electric-handle')}`
    const live = async (from: typeof device) => from.request<unknown[]>(`/v1/shape?${place}&live=true`)
    const ended: number[] = []
    const others = live(other)
    const held = Array.from({ length: 33 }, async (_, number) => {
      const answer = await live(device)
      ended.push(number)
      return answer
    })

    await until(() => ended.length > 0)
    const { status, body } = await Promise.race(held)

    expect(ended).toHaveLength(1)
    expect(status).toBe(200)
    expect(body).toMatchObject([{ headers: { control: 'up-to-date' } }])
    await until(async () => (await gaugeOf('foyer_held_requests')) === 33)
    await server?.server().close()
    await Promise.all([...held, others])
  })
})
