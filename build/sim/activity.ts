import { setImmediate as turn } from 'node:timers/promises'

/**
 * What goes on in real time: PostgreSQL, WebCrypto, turns of the loop. Virtual time stands still until all of it is done,
 * so that how quick this machine is changes nothing in a run.
 */
export interface Activity {
  /** Something happened: whoever waits for silence waits on. */
  readonly touch: () => void
  /** Counts work that leaves this thread until it is over. */
  readonly during: <T>(work: Promise<T>) => Promise<T>
  /** Resolves when nothing is under way and several turns of the loop have changed nothing. */
  readonly silence: () => Promise<void>
}

/** Between two steps of Fastify, of a stream or of the official client there are fewer empty turns than this. */
const quietTurns = 6

export const createActivity = (): Activity => {
  let moves = 0
  let pending = 0
  let onIdle = (): void => undefined
  const end = (): void => {
    pending -= 1
    moves += 1
    if (pending === 0) onIdle()
  }
  const idle = async (): Promise<void> => {
    if (pending === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    onIdle = resolve
    await promise
    await idle()
  }
  return {
    touch: () => {
      moves += 1
    },
    during: (work) => {
      pending += 1
      work.then(end, end)
      return work
    },
    async silence() {
      for (let quiet = 0; quiet < quietTurns; quiet += 1) {
        const before = moves
        await turn()
        // Waiting for PostgreSQL in a busy loop would take the processor away from it.
        await idle()
        if (moves !== before) quiet = -1
      }
    },
  }
}

/** Counts the calls of WebCrypto, which runs in other threads. Answers how to stop. */
export const watchCrypto = ({ during }: Activity): (() => void) => {
  const prototype = Object.getPrototypeOf(crypto.subtle) as Record<string, unknown>
  const names = [
    'importKey',
    'exportKey',
    'sign',
    'verify',
    'digest',
    'generateKey',
    'encrypt',
    'decrypt',
    'deriveBits',
  ]
  const undo = names.map((name) => {
    const original = prototype[name] as (...args: unknown[]) => Promise<unknown>
    prototype[name] = function (this: unknown, ...args: unknown[]) {
      return during(original.apply(this, args))
    }
    return () => {
      prototype[name] = original
    }
  })
  return () => {
    for (const each of undo) each()
  }
}
