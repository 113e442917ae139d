import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import type { Logger } from 'pino'
import type { LogWaiters } from './log-waiters.ts'

/** What the commit of a transaction announces: `<facility>:<audience>:<position>`. */
const channel = 'facility_log'

interface LogListener {
  readonly isListening: () => boolean
  readonly stop: () => Promise<void>
}

export type StartLogListener = (databaseUrl: string, waiters: LogWaiters, log: Logger) => LogListener

const firstPauseMs = 100
const longestPauseMs = 5000
/** A line that says nothing is asked so often, and may take so long to answer. */
const probeMs = 10_000
const answerMs = 5000
const farewellMs = 500

/**
 * Keeps one connection of its own that listens for growing logs, and makes a new one when it breaks, or stops answering:
 * of a machine that vanished nobody is told. What was announced in between is lost, so everybody is woken to look for
 * themselves. Until the first connection stands, held requests just wait until their time is over.
 */
export const startLogListener = (
  databaseUrl: string,
  waiters: LogWaiters,
  log: Logger,
  everyMs = probeMs,
): LogListener => {
  const stopping = new AbortController()
  let isListening = false

  const loop = async (): Promise<void> => {
    let pause = firstPauseMs
    while (!stopping.signal.aborted) {
      const startedAt = performance.now()
      const line = openLine(databaseUrl, waiters)
      stopping.signal.addEventListener('abort', line.end)
      try {
        await line.listen(everyMs, () => {
          isListening = true
          waiters.wakeAll()
        })
      } catch {
        log.warn('cannot listen for new log entries; trying again')
      } finally {
        isListening = false
        stopping.signal.removeEventListener('abort', line.end)
        await line.close()
      }
      pause = performance.now() - startedAt > longestPauseMs ? firstPauseMs : Math.min(pause * 2, longestPauseMs)
      await delay(pause * (0.5 + Math.random() / 2), undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  const ended = loop()
  return {
    isListening: () => isListening,
    stop: async () => {
      stopping.abort()
      await ended
    },
  }
}

interface Line {
  /** Listens until the connection breaks or `end` is called. Throws when it does not come up, or stops answering. */
  readonly listen: (everyMs: number, onListening: () => void) => Promise<void>
  readonly end: () => void
  readonly close: () => Promise<void>
}

const openLine = (databaseUrl: string, waiters: LogWaiters): Line => {
  const socket = new Socket()
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'foyer-listen',
    stream: () => socket,
    keepAlive: true,
    keepAliveInitialDelayMillis: probeMs,
    connectionTimeoutMillis: answerMs,
    query_timeout: answerMs,
  })
  const over = Promise.withResolvers<void>()
  const ended = new AbortController()
  const end = (): void => {
    ended.abort()
    over.resolve()
  }
  client.on('error', end)
  client.on('end', end)
  client.on('notification', ({ payload }) => {
    const [facilityId, audience, position] = (payload ?? '').split(':')
    if (facilityId && audience) waiters.wake(facilityId, audience, Number(position))
  })
  const hear = async (everyMs: number, onListening: () => void): Promise<void> => {
    await client.connect()
    await client.query(`listen ${channel}`)
    const { signal } = ended
    if (signal.aborted) return
    onListening()
    for (;;) {
      // Not a race against `over`: each would leave something at that promise for as long as the line stands.
      await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
      await client.query('select 1')
    }
  }
  return {
    listen: async (everyMs, onListening) => Promise.race([hear(everyMs, onListening), over.promise]),
    end,
    close: async () => {
      end()
      // A line that is dead takes no leave.
      await Promise.race([client.end().catch(() => undefined), delay(farewellMs, undefined, { ref: false })])
      socket.destroy()
    },
  }
}
