import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { BrowserAccess } from './browser-access.ts'
import { securityHeaders } from './security-headers.ts'
import { ShellError } from './shell-error.ts'
import { answerFile, plainText, type WindowAnswer, type WindowFiles } from './window-files.ts'

const loopback = '127.0.0.1'

export interface ServerParts {
  readonly files: WindowFiles
  readonly access: BrowserAccess
  readonly port: number
  /** A request for the bridge that has passed all checks. */
  readonly onBridge: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/**
 * Listens on this machine only. Without `port` the wanted usual one or, if that is taken, any; a port that was asked
 * for and is taken is a ShellError.
 */
export const listen = async (port: number | undefined): Promise<{ readonly server: Server; readonly port: number }> => {
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 15_000, headersTimeout: 10_000 })
  const isFree = await tryListen(server, port ?? usualPort)
  if (!isFree && port !== undefined) {
    throw new ShellError(`Port ${port} is taken by another program: choose another one with --port, or leave it out.`)
  }
  if (!isFree) await tryListen(server, 0)
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new ShellError('No port on 127.0.0.1 can be used.')
  return { server, port: address.port }
}

/** Answers from now on: the window's files, the exchange of the start URL, the bridge. */
export const serveWindow = (server: Server, parts: ServerParts): void => {
  server.on('request', (request, response) => send(response, request.method, answer(request, parts)))
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const refusal = refusalOf(request, parts) ?? (isBridge(request, parts) ? undefined : 403)
    if (refusal === undefined) parts.onBridge(request, socket, head)
    else socket.end(`HTTP/1.1 ${refusal} ${STATUS_CODES[refusal]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  })
}

const usualPort = 4823

const tryListen = async (server: Server, port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(error)
    }
    server.once('error', fail)
    server.listen({ host: loopback, port, exclusive: true }, () => {
      server.off('error', fail)
      resolve(true)
    })
  })

// A page elsewhere can reach this port under a name of its own (DNS rebinding), but not with our Host and Origin.
const refusalOf = ({ headers }: IncomingMessage, { port }: ServerParts): number | undefined => {
  if (headers.host !== `${loopback}:${port}`) return 421
  if (headers.origin !== undefined && headers.origin !== `http://${loopback}:${port}`) return 403
  return undefined
}

const isBridge = ({ url, headers }: IncomingMessage, { access, port }: ServerParts): boolean =>
  url === '/bridge' && headers.origin === `http://${loopback}:${port}` && access.knows(headers.cookie)

const answer = (request: IncomingMessage, parts: ServerParts): WindowAnswer => {
  const connect = `ws://${loopback}:${parts.port}`
  const say = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): WindowAnswer => ({
    status,
    headers: { ...securityHeaders(connect), ...plainText, ...headers },
    body: Buffer.from(`${text}\n`),
  })

  const refusal = refusalOf(request, parts)
  if (refusal !== undefined) return say(refusal, 'Foyer answers only its own window.')
  if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, 'Only GET.', { Allow: 'GET, HEAD' })

  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  if (path === '/start') {
    const cookie = parts.access.exchange(new URLSearchParams(query).get('token') ?? '')
    if (cookie) return say(303, 'Welcome.', { Location: '/', 'Set-Cookie': setCookie(parts.access, cookie) })
    // A tab that the browser brought back: it is in already.
    if (parts.access.knows(request.headers.cookie)) return say(303, 'Welcome back.', { Location: '/' })
    return say(403, usedLink)
  }
  if (!parts.access.knows(request.headers.cookie)) return say(401, usedLink)
  return answerFile(parts.files, path, connect)
}

const setCookie = ({ cookieName }: BrowserAccess, value: string): string =>
  `${cookieName}=${value}; Path=/; HttpOnly; SameSite=Strict`

const send = (response: ServerResponse, method: string | undefined, { status, headers, body }: WindowAnswer): void => {
  response.writeHead(status, { ...headers, 'Content-Length': body.length })
  response.end(method === 'HEAD' ? undefined : body)
}

const usedLink = 'This link works once, and only while Foyer runs. Start Foyer again: it gives you a new one.'
