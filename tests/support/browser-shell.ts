import { spawn, type ChildProcess } from 'node:child_process'
import { request, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { windowFolder } from './shell-folders.ts'

const root = join(import.meta.dirname, '../..')

export interface StartedShell {
  readonly child: ChildProcess
  /** The start URL, or undefined if it ended without one. */
  readonly url: URL | undefined
  readonly output: () => string
  readonly exitCode: Promise<number | null>
}

/** Runs the browser shell's entry over a fake data process, until the test ends. */
export const startBrowserShell = async (profile: string, ...args: readonly string[]): Promise<StartedShell> => {
  const child = spawn(
    process.execPath,
    [
      join(root, 'src-main/shell/browser-main.ts'),
      '--no-open',
      `--profile=${profile}`,
      `--window=${windowFolder()}`,
      `--data=${join(root, 'tests/support/fake-data-process.ts')}`,
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout?.on('data', (text: Buffer) => (output += text.toString()))
  child.stderr?.on('data', (text: Buffer) => (output += text.toString()))
  // Not 'close', which does not come after a disconnect.
  const exitCode = Promise.all([
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
    new Promise((resolve) => child.stdout?.once('end', resolve)),
    new Promise((resolve) => child.stderr?.once('end', resolve)),
  ]).then(([code]) => code)
  const url = await Promise.race([
    new Promise<URL>((resolve) => child.once('message', (message: { url: string }) => resolve(new URL(message.url)))),
    exitCode.then(() => undefined),
  ])
  return { child, url, output: () => output, exitCode }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One HTTP request with exactly this path and these headers, which fetch would not send. */
export const ask = async (
  url: URL,
  path: string,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly method?: string } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: url.hostname, port: url.port, path, setHost: true, ...options }, (response) => {
      let body = ''
      response.on('data', (text: Buffer) => (body += text.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    asked.on('error', reject)
    asked.end()
  })

/** Exchanges a start URL; the cookie as the browser would send it back. */
export const enter = async (url: URL): Promise<string> => {
  const { headers } = await ask(url, `${url.pathname}${url.search}`)
  return headers['set-cookie']?.[0]?.split(';')[0] ?? ''
}

/** Opens the bridge with these headers; undefined if it was refused. */
export const openSocket = async (
  url: URL,
  headers: Readonly<Record<string, string>>,
  path = '/bridge',
): Promise<WebSocket | undefined> => {
  const socket = new WebSocket(`ws://${url.host}${path}`, { headers })
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })
}

/** Sends text and waits for the next message or the close code. */
export const say = async (socket: WebSocket, text: string): Promise<unknown> => {
  const answer = new Promise((resolve) => {
    // Text frames come as a Buffer.
    socket.once('message', (data) => resolve(JSON.parse((data as Buffer).toString())))
    socket.once('close', (code) => resolve(code))
  })
  socket.send(text)
  return answer
}
