import type { Bridge } from '../../src-shared/contract/bridge.ts'
import type { Push } from '../../src-shared/contract/push.ts'
import type { ErrorData, Reply } from '../../src-shared/errors.ts'

/** Of a WebSocket, what the bridge uses. */
export interface Socket {
  readonly send: (text: string) => void
  readonly addEventListener: (name: 'open' | 'message' | 'close', listener: (event: { data?: unknown }) => void) => void
}

export interface SocketBridgeOptions {
  readonly connect: () => Socket
  /** Calls `then` after so many milliseconds. */
  readonly wait: (milliseconds: number, then: () => void) => void
}

type Message = { readonly id: number; readonly reply: Reply<unknown> } | Push

const firstPause = 250
const longestPause = 5_000

/**
 * The bridge of the browser shell. Calls wait for the first connection. When the connection breaks, calls without an
 * answer fail with `unavailable` and are never sent again by themselves, because they may have been carried out; a new
 * connection is made, and listeners then hear of the present state and that any table may have changed.
 */
export const socketBridge = ({ connect, wait }: SocketBridgeOptions): Bridge => {
  const listeners = new Set<(push: Push) => void>()
  const calls = openCalls()
  const unsent: string[] = []
  let socket: Socket | undefined
  let pause = firstPause
  let wasOpen = false

  const tell = (push: Push): void => {
    for (const listener of listeners) listener(push)
  }

  const invoke: Bridge['invoke'] = async (channel, input) => {
    if (!socket && wasOpen) return { ok: false, error: notConnected }
    const { id, reply } = calls.add()
    const text = JSON.stringify({ id, channel, input })
    if (socket) socket.send(text)
    else unsent.push(text)
    return reply
  }

  const begin = (opened: Socket): void => {
    socket = opened
    pause = firstPause
    for (const text of unsent.splice(0)) opened.send(text)
    if (wasOpen) catchUp(invoke, tell)
    wasOpen = true
  }

  const open = (): void => {
    const opening = connect()
    opening.addEventListener('open', () => begin(opening))
    opening.addEventListener('message', ({ data }) => {
      // Ours: the shell that served this page sent it, and the data process validated it against the contract.
      const message = JSON.parse(String(data)) as Message
      if ('push' in message) tell(message)
      else calls.answer(message.id, message.reply)
    })
    opening.addEventListener('close', () => {
      if (socket) calls.failAll()
      socket = undefined
      wait(pause, open)
      pause = Math.min(pause * 2, longestPause)
    })
  }

  open()
  return {
    invoke,
    onPush: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

const openCalls = () => {
  const open = new Map<number, (reply: Reply<unknown>) => void>()
  let lastId = 0
  return {
    add: () => {
      const { promise, resolve } = Promise.withResolvers<Reply<unknown>>()
      lastId += 1
      open.set(lastId, resolve)
      return { id: lastId, reply: promise }
    },
    answer: (id: number, reply: Reply<unknown>): void => {
      open.get(id)?.(reply)
      open.delete(id)
    },
    failAll: (): void => {
      for (const answer of open.values()) answer({ ok: false, error: lost })
      open.clear()
    },
  }
}

/** Tells what pushes may have said while there was no connection. */
const catchUp = (invoke: Bridge['invoke'], tell: (push: Push) => void): void => {
  tell({ push: 'tables-changed', data: { tables: ['*'] } })
  tell({ push: 'print-jobs', data: {} })
  for (const [channel, push] of statePushes) {
    void invoke(channel, undefined).then((reply) => {
      // The value has the push's form: both are the same schema of the contract.
      if (reply.ok) tell({ push, data: reply.value } as Push)
    })
  }
}

const statePushes = [
  ['app.state', 'app-state'],
  ['sync.status', 'sync-status'],
] as const

const lost: ErrorData = {
  code: 'unavailable',
  message: 'The connection to Foyer on this computer broke. Look whether it was saved before you do it again.',
  details: {},
}

const notConnected: ErrorData = {
  code: 'unavailable',
  message: 'This window has no connection to Foyer on this computer. Nothing was changed. Start Foyer again.',
  details: {},
}
