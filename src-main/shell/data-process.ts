import type { Push } from '../../src-shared/contract/push.ts'
import type { ErrorData, Reply } from '../../src-shared/errors.ts'
import type { FromData, StartOptions } from '../data/protocol.ts'
import type { Log } from '../log.ts'
import type { DataChild } from './data-child.ts'
import type { Call } from './shell.ts'

export interface DataProcess {
  readonly call: Call
  /** Ends it for good; calls without an answer are answered with an error. */
  readonly stop: () => Promise<void>
}

export interface DataProcessOptions {
  readonly startChild: () => DataChild
  readonly start: StartOptions
  readonly onPush: (push: Push) => void
  readonly log: Log
  /** Milliseconds. */
  readonly waits?: Waits
}

interface Waits {
  readonly firstRestart: number
  readonly longestRestart: number
  /** Who lived that long starts again without waiting. */
  readonly healthy: number
  /** From being asked to end until being killed. */
  readonly end: number
}

const usualWaits: Waits = { firstRestart: 200, longestRestart: 30_000, healthy: 60_000, end: 5_000 }

/**
 * Keeps one data process running. When it dies, calls without an answer get the error `unavailable`, it is started
 * again after a pause that grows from death to death, and the window learns the new state by an `app-state` push.
 */
export const runDataProcess = ({ waits = usualWaits, ...options }: DataProcessOptions): DataProcess => {
  const waiting = new Map<number, (reply: Reply<unknown>) => void>()
  let child: DataChild | undefined
  let lastId = 0
  let pause = waits.firstRestart
  let restart: NodeJS.Timeout | undefined
  let stopped: PromiseWithResolvers<void> | undefined

  const call: Call = async (channel, input) => {
    if (!child) return { ok: false, error: notRunning }
    const { promise, resolve } = Promise.withResolvers<Reply<unknown>>()
    lastId += 1
    waiting.set(lastId, resolve)
    child.send({ id: lastId, channel, input })
    return promise
  }

  const receive = (message: unknown): void => {
    if (!isFromData(message)) options.log.error('The data process sent something unknown.')
    else if ('push' in message) options.onPush(message)
    else {
      waiting.get(message.id)?.(message.reply)
      waiting.delete(message.id)
    }
  }

  const begin = (): DataChild => {
    const startedAt = performance.now()
    const started = options.startChild()
    child = started
    started.onMessage(receive)
    started.onExit((how) => {
      child = undefined
      for (const answer of waiting.values()) answer({ ok: false, error: lost })
      waiting.clear()
      stopped?.resolve()
      if (stopped) return
      if (performance.now() - startedAt > waits.healthy) pause = waits.firstRestart
      restart = setTimeout(beginAgain, pause)
      options.log.error(`The data process ended (${how}); it is started again in ${pause} ms.`)
      pause = Math.min(pause * 2, waits.longestRestart)
    })
    started.send({ start: options.start })
    return started
  }

  const beginAgain = (): void => {
    begin()
    void call('app.state', undefined).then((reply) => {
      // The data process validated it against the contract before it sent it.
      if (reply.ok) options.onPush({ push: 'app-state', data: reply.value } as Push)
    })
  }

  const stop = async (): Promise<void> => {
    stopped ??= Promise.withResolvers<void>()
    clearTimeout(restart)
    if (!child) return
    const killLater = setTimeout(() => child?.kill(), waits.end)
    child.close()
    await stopped.promise
    clearTimeout(killLater)
  }

  begin()
  return { call, stop }
}

const isFromData = (message: unknown): message is FromData =>
  typeof message === 'object' && message !== null && ('push' in message || ('id' in message && 'reply' in message))

const lost: ErrorData = {
  code: 'unavailable',
  message: 'The part of Foyer that keeps the data stopped and is being started again. Look whether it was saved.',
  details: {},
}

const notRunning: ErrorData = {
  code: 'unavailable',
  message: 'The part of Foyer that keeps the data is being started again. Nothing was changed; try again in a moment.',
  details: {},
}
