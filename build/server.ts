import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../sync-server/db/free-port.ts'
import { startChild, type Child } from './child.ts'
import { StartError } from './start-error.ts'

/** The sync server as a process of its own, that can be stopped and started again under the same address. */
export interface ServerProcess {
  readonly url: string
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
const readyWithin = 60_000

/**
 * Takes the port of the last time if it is free, because desks know the server by it; else another one, and the desks
 * that we start are told (desk.ts). Not started yet.
 */
export const prepareServer = async ({ dataFolder, databaseUrl, env }: ServerOptions): Promise<ServerProcess> => {
  const portFile = join(dataFolder, 'server-port')
  const port = await freePort(readPort(portFile) ?? usualPort)
  writeFileSync(portFile, String(port))
  const url = `http://127.0.0.1:${port}`
  let child: Child | undefined
  return {
    url,
    start: async () => {
      if (child?.isRunning()) return
      child = startChild({
        file: join(import.meta.dirname, '../sync-server/main.ts'),
        execArgv: ['--import', new URL('end-with-parent.ts', import.meta.url).href],
        logFile: join(dataFolder, 'log/server.log'),
        env: {
          DATABASE_URL: databaseUrl,
          HOST: '127.0.0.1',
          PORT: String(port),
          FOYER_KEYS_FILE: join(dataFolder, 'server-keys.json'),
          ...env,
        },
      })
      await ready(url, child)
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

const ready = async (url: string, child: Child): Promise<void> => {
  const end = Date.now() + readyWithin
  while (child.isRunning() && Date.now() < end) {
    if (await isHealthy(url)) return
    await delay(50)
  }
  await child.kill()
  throw new StartError(`The sync server did not start:\n${child.lastLines()}`)
}

const isHealthy = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/v1/health`, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}
