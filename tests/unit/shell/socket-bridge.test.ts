import { expect, test } from 'vitest'
import { socketBridge, type Socket } from '../../../src-renderer/app/socket-bridge.ts'
import type { Push } from '../../../src-shared/contract/push.ts'
import { until } from '../../support/until.ts'

interface FakeSocket {
  readonly sent: { id: number; channel: string; input?: unknown }[]
  readonly say: (name: 'open' | 'close') => void
  readonly deliver: (message: unknown) => void
}

const setUp = () => {
  const sockets: FakeSocket[] = []
  const pauses: { milliseconds: number; end: () => void }[] = []
  const connect = (): Socket => {
    const listeners = new Map<string, (event: { data?: unknown }) => void>()
    const sent: FakeSocket['sent'] = []
    sockets.push({
      sent,
      say: (name) => listeners.get(name)?.({}),
      deliver: (message) => listeners.get('message')?.({ data: JSON.stringify(message) }),
    })
    return {
      send: (text) => void sent.push(JSON.parse(text) as FakeSocket['sent'][number]),
      addEventListener: (name, listener) => void listeners.set(name, listener),
    }
  }
  const bridge = socketBridge({ connect, wait: (milliseconds, end) => void pauses.push({ milliseconds, end }) })
  const socket = (n: number): FakeSocket => {
    const found = sockets[n]
    if (!found) throw new Error(`There is no connection ${n}`)
    return found
  }
  return { bridge, socket, pauses, sockets }
}

test('calls wait for the first connection and are then sent in order', () => {
  const { bridge, socket } = setUp()
  void bridge.invoke('app.state', null)
  void bridge.invoke('sync.status', null)

  expect(socket(0).sent).toEqual([])
  socket(0).say('open')

  expect(socket(0).sent.map(({ channel }) => channel)).toEqual(['app.state', 'sync.status'])
})

test('each answer finds its call, in whatever order they come', async () => {
  const { bridge, socket } = setUp()
  socket(0).say('open')
  const first = bridge.invoke('query', { name: 'a' })
  const second = bridge.invoke('query', { name: 'b' })

  socket(0).deliver({ id: 2, reply: { ok: true, value: 'b' } })
  socket(0).deliver({ id: 1, reply: { ok: true, value: 'a' } })

  expect([await first, await second]).toEqual([
    { ok: true, value: 'a' },
    { ok: true, value: 'b' },
  ])
})

test('a lost answer is an error that says to look, and the call is not sent again', async () => {
  const { bridge, socket, pauses } = setUp()
  socket(0).say('open')
  const command = bridge.invoke('command', { name: 'payment.take' })

  socket(0).say('close')
  pauses[0]?.end()
  socket(1).say('open')

  expect(await command).toMatchObject({
    ok: false,
    error: { code: 'unavailable', message: expect.stringContaining('Look whether it was saved') as unknown },
  })
  expect(socket(1).sent.map(({ channel }) => channel)).not.toContain('command')
})

test('a call while there is no connection fails at once and says that nothing was changed', async () => {
  const { bridge, socket } = setUp()
  socket(0).say('open')
  socket(0).say('close')

  const reply = await bridge.invoke('command', { name: 'payment.take' })

  expect(reply).toMatchObject({
    ok: false,
    error: { code: 'unavailable', message: expect.stringContaining('Nothing was changed') as unknown },
  })
})

test('pauses between attempts grow up to five seconds and begin anew after a connection', () => {
  const { socket, pauses, sockets } = setUp()
  for (let n = 0; n < 7; n += 1) {
    socket(n).say('close')
    pauses[n]?.end()
  }
  socket(sockets.length - 1).say('open')
  socket(sockets.length - 1).say('close')

  expect(pauses.map(({ milliseconds }) => milliseconds)).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 250])
})

test('after a new connection listeners hear that any table may have changed, and of the present state', async () => {
  const { bridge, socket, pauses } = setUp()
  const pushes: Push[] = []
  bridge.onPush((push) => pushes.push(push))
  socket(0).say('open')

  socket(0).say('close')
  pauses[0]?.end()
  socket(1).say('open')
  for (const { id, channel } of socket(1).sent) socket(1).deliver({ id, reply: { ok: true, value: channel } })
  await until(() => pushes.length === 4)

  expect(pushes).toEqual([
    { push: 'tables-changed', data: { tables: ['*'] } },
    { push: 'print-jobs', data: {} },
    { push: 'app-state', data: 'app.state' },
    { push: 'sync-status', data: 'sync.status' },
  ])
})

test('a listener that has left hears nothing', () => {
  const { bridge, socket } = setUp()
  const pushes: Push[] = []
  const leave = bridge.onPush((push) => pushes.push(push))
  socket(0).say('open')

  leave()
  socket(0).deliver({ push: 'print-jobs', data: {} })

  expect(pushes).toEqual([])
})
