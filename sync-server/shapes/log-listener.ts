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

/**
 * Keeps one connection of its own that listens for growing logs, and makes a new one when it breaks. What was announced
 * in between is lost, so everybody is woken to look for themselves. Until the first connection stands, held requests
 * just wait until their time is over.
 */
export const startLogListener: StartLogListener = (databaseUrl, waiters, log) => {
  const stopping = new AbortController()
  let isListening = false

  const listen = async (): Promise<void> => {
    const client = new Client({ connectionString: databaseUrl, application_name: 'foyer-listen', keepAlive: true })
    const over = new Promise<void>((resolve) => {
      client.on('error', () => resolve())
      client.on('end', resolve)
      stopping.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    client.on('notification', ({ payload }) => {
      const [facilityId, audience, position] = (payload ?? '').split(':')
      if (facilityId && audience) waiters.wake(facilityId, audience, Number(position))
    })
    try {
      await client.connect()
      await client.query(`listen ${channel}`)
      isListening = true
      waiters.wakeAll()
      await over
    } finally {
      isListening = false
      await client.end().catch(() => undefined)
    }
  }

  const loop = async (): Promise<void> => {
    let pause = firstPauseMs
    while (!stopping.signal.aborted) {
      const startedAt = performance.now()
      try {
        await listen()
      } catch {
        log.warn('cannot listen for new log entries; trying again')
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
