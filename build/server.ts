import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../sync-server/db/free-port.ts'
import { startChild, type Child } from './child.ts'
import { StartError } from './start-error.ts'

/** The sync server as a process of its own, that can be stopped and started again under the same address. */
export interface ServerProcess {
  readonly url: string
  /** 0 when it does not run. */
  readonly pid: number
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly kill: () => Promise<void>
}

export interface ServerOptions {
  readonly dataFolder: string
  readonly databaseUrl: string
  readonly env?: Readonly<Record<string, string>>
}

const usualPort = 8787
/** Milliseconds. */
const readyWithin = 60_000
const portTries = 5

/**
 * Takes the port of the last time if it is free, because desks know the server by it; else another one, and the desks
 * that we start are told (desk.ts). Not started yet.
 */
export const prepareServer = ({ dataFolder, databaseUrl, env }: ServerOptions): ServerProcess => {
  const portFile = join(dataFolder, 'server-port')
  let port = readPort(portFile) ?? usualPort
  let child: Child | undefined

  const startAt = async (triesLeft: number): Promise<void> => {
    port = await freePort(port)
    const started = startChild({
      file: join(import.meta.dirname, '../sync-server/main.ts'),
      // As `npm run server`.
      execArgv: ['--max-semi-space-size=8', '--import', new URL('end-with-parent.ts', import.meta.url).href],
      logFile: join(dataFolder, 'log/server.log'),
      env: {
        DATABASE_URL: databaseUrl,
        HOST: '127.0.0.1',
        PORT: String(port),
        FOYER_KEYS_FILE: join(dataFolder, 'server-keys.json'),
        // As in README.md for who runs it: half the memory under glibc.
        MALLOC_ARENA_MAX: '2',
        ...env,
      },
    })
    child = started
    if (await isListening(started)) return
    // Somebody took the port between our look and the server's start.
    if (triesLeft > 0 && started.lastLines().includes('EADDRINUSE')) return startAt(triesLeft - 1)
    throw new StartError(`The sync server did not start:\n${started.lastLines()}`)
  }

  return {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    get pid() {
      return child?.isRunning() ? child.pid : 0
    },
    start: async () => {
      if (child?.isRunning()) return
      await startAt(portTries)
      writeFileSync(portFile, String(port))
    },
    stop: async () => child?.stop(),
    kill: async () => child?.kill(),
  }
}

const readPort = (file: string): number | undefined => {
  try {
    const port = Number(readFileSync(file, 'utf8'))
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
  } catch {
    return undefined
  }
}

/** The server says so itself; that something answers at its address could be another program. */
const isListening = async (child: Child): Promise<boolean> => {
  const listening = new Promise<boolean>((resolve) => child.process.once('message', () => resolve(true)))
  const isReady = await Promise.race([
    listening,
    child.exited.then(() => false),
    delay(readyWithin, false, { ref: false }),
  ])
  if (!isReady) await child.kill()
  return isReady
}
