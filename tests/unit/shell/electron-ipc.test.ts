import type { IpcMain, IpcRenderer } from 'electron'
import { expect, test, vi } from 'vitest'
import { isFromWindow, serveIpc, type Sender } from '../../../src-main/shell/electron-ipc.ts'
import { windowBridge } from '../../../src-preload/window-bridge.ts'
import { channels } from '../../../src-shared/contract/ipc.ts'

const ourWindow = 7
const isOurs = (id: number): boolean => id === ourWindow

const frame = (facts: { origin?: string; parent?: object | null } = {}) =>
  ({ origin: 'app://foyer', parent: null, ...facts }) as unknown as Sender['senderFrame']

const sender = (facts: { id?: number; senderFrame?: Sender['senderFrame'] } = {}): Sender => ({
  sender: { id: facts.id ?? ourWindow },
  senderFrame: facts.senderFrame === undefined ? frame() : facts.senderFrame,
})

const handlerOver = (call = vi.fn(async () => ({ ok: true, value: 1 }) as const)) => {
  const handle = vi.fn<IpcMain['handle']>()
  serveIpc({ handle }, isOurs, call)
  return { handler: handle.mock.calls[0]?.[1] as (...args: unknown[]) => Promise<unknown>, call }
}

test('the top frame of our window is heard', () => {
  expect(isFromWindow(sender(), isOurs)).toBe(true)
})

test.each([
  ['another window', sender({ id: 8 })],
  ['an iframe', sender({ senderFrame: frame({ parent: {} }) })],
  ['a page of the web', sender({ senderFrame: frame({ origin: 'https://evil.example' }) })],
  ['an app page under another host', sender({ senderFrame: frame({ origin: 'app://evil' }) })],
  ['a file', sender({ senderFrame: frame({ origin: 'file://' }) })],
  ['a frame that is gone', sender({ senderFrame: null })],
])('%s is refused', async (_who, event) => {
  const { handler, call } = handlerOver()

  const reply = await handler(event, 'app.state', undefined)

  expect(reply).toMatchObject({ ok: false, error: { code: 'forbidden' } })
  expect(call).not.toHaveBeenCalled()
})

test.each(['shell.run', '__proto__', '', 42, null, undefined, { toString: () => 'query' }])(
  'the channel %j does not exist',
  async (channel) => {
    const { handler, call } = handlerOver()

    const reply = await handler(sender(), channel, undefined)

    expect(reply).toMatchObject({ ok: false, error: { code: 'invalid_input' } })
    expect(call).not.toHaveBeenCalled()
  },
)

test('a call of our window goes on as it is', async () => {
  const { handler, call } = handlerOver()

  const reply = await handler(sender(), 'query', { name: 'q', args: 1 })

  expect(reply).toEqual({ ok: true, value: 1 })
  expect(call).toHaveBeenCalledExactlyOnceWith('query', { name: 'q', args: 1 })
})

const recordIpc = () => ({
  invoke: vi.fn<IpcRenderer['invoke']>(async () => ({ ok: true, value: 1 })),
  on: vi.fn(),
  off: vi.fn(),
})

test('the preload shows the window two functions and nothing else', () => {
  const bridge = windowBridge(recordIpc())

  expect(Object.keys(bridge).toSorted()).toEqual(['invoke', 'onPush'])
})

test.each(Object.keys(channels))('the preload passes on %s', async (channel) => {
  const ipc = recordIpc()

  const reply = await windowBridge(ipc).invoke(channel as keyof typeof channels, 'input')

  expect(reply).toEqual({ ok: true, value: 1 })
  expect(ipc.invoke).toHaveBeenCalledExactlyOnceWith('foyer:invoke', channel, 'input')
})

test('the preload passes on no other channel', async () => {
  const ipc = recordIpc()
  const bridge = windowBridge(ipc)

  const replies = await Promise.all(
    ['shell.run', '__proto__', 'constructor', 'foyer:invoke'].map((name) =>
      bridge.invoke(name as keyof typeof channels, undefined),
    ),
  )

  expect(replies.map(({ ok }) => ok)).toEqual([false, false, false, false])
  expect(ipc.invoke).not.toHaveBeenCalled()
})

test('a push reaches the listener without the event, until it leaves', () => {
  const ipc = recordIpc()
  const listener = vi.fn()
  const leave = windowBridge(ipc).onPush(listener)

  const hear = ipc.on.mock.calls[0]?.[1] as (event: object, push: object) => void
  hear({ sender: ipc }, { push: 'print-jobs', data: {} })
  leave()

  expect(listener).toHaveBeenCalledExactlyOnceWith({ push: 'print-jobs', data: {} })
  expect(ipc.off).toHaveBeenCalledExactlyOnceWith('foyer:push', hear)
})
