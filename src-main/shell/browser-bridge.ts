import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { z } from 'zod'
import { isChannel } from '../../src-shared/contract/ipc.ts'
import type { Push } from '../../src-shared/contract/push.ts'
import type { Reply } from '../../src-shared/errors.ts'
import type { Call } from './shell.ts'

export interface BrowserBridge {
  readonly accept: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  readonly push: (push: Push) => void
  readonly close: () => void
}

const callMessage = z.strictObject({
  id: z.number().int().min(0),
  channel: z.string().max(100),
  input: z.unknown().optional(),
})
type CallMessage = z.infer<typeof callMessage>

const mostBytes = 1_000_000
const mostWindows = 16
/** A window that takes nothing for so long is not there any more. */
const mostUnsentBytes = 64_000_000

/** Carries calls and pushes over WebSockets: `{id, channel, input}` up, `{id, reply}` and `{push, data}` down. */
export const browserBridge = (call: Call): BrowserBridge => {
  const server = new WebSocketServer({ noServer: true, maxPayload: mostBytes, perMessageDeflate: false })

  const send = (window: WebSocket, message: unknown): void => {
    if (window.bufferedAmount > mostUnsentBytes) window.terminate()
    else if (window.readyState === window.OPEN) window.send(JSON.stringify(message))
  }

  const receive = async (window: WebSocket, message: CallMessage | undefined): Promise<void> => {
    if (message) {
      const { id, channel, input } = message
      send(window, { id, reply: isChannel(channel) ? await call(channel, input) : unknownChannel })
    } else window.close(1008, 'Not a call.')
  }

  return {
    accept: (request, socket, head) => {
      if (server.clients.size >= mostWindows) {
        socket.destroy()
        return
      }
      server.handleUpgrade(request, socket, head, (window) => {
        // The socket closes after an error, which is all there is to do.
        window.on('error', () => undefined)
        window.on('message', (data, isBinary) => void receive(window, isBinary ? undefined : parse(data)))
      })
    },
    push: (push) => {
      for (const window of server.clients) send(window, push)
    },
    close: () => {
      for (const window of server.clients) window.close(1001)
      server.close()
    },
  }
}

const parse = (data: RawData): CallMessage | undefined => {
  try {
    // A Buffer, unless another `binaryType` were chosen.
    return callMessage.safeParse(JSON.parse((data as Buffer).toString('utf8'))).data
  } catch {
    return undefined
  }
}

const unknownChannel: Reply<unknown> = {
  ok: false,
  error: { code: 'invalid_input', message: 'There is no such channel.', details: {} },
}
