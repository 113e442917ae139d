import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { Readable } from 'node:stream'
import timersPromises from 'node:timers/promises'
import type { Activity } from './activity.ts'
import type { Chance } from './random.ts'
import type { Scheduler } from './scheduler.ts'

interface GlobalParts {
  readonly scheduler: Scheduler
  readonly activity: Activity
  readonly chance: Chance
}

type Work = (...args: unknown[]) => unknown

/** What stands for a timer; `unref` and the like mean nothing here. */
class VirtualTimer {
  cancel: () => void = () => undefined
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  hasRef(): boolean {
    return true
  }
}

const virtualTimers = ({ scheduler }: GlobalParts) => ({
  setTimeout: (work: Work, milliseconds = 0, ...args: unknown[]) => {
    const timer = new VirtualTimer()
    timer.cancel = scheduler.after(milliseconds, () => work(...args))
    return timer
  },
  setInterval: (work: Work, milliseconds = 1, ...args: unknown[]) => {
    const timer = new VirtualTimer()
    const plan = (): void => {
      timer.cancel = scheduler.after(Math.max(1, milliseconds), () => {
        plan()
        work(...args)
      })
    }
    plan()
    return timer
  },
  clear: (timer: unknown) => {
    if (timer instanceof VirtualTimer) timer.cancel()
  },
})

const virtualDate = ({ scheduler }: GlobalParts): DateConstructor => {
  const RealDate = Date
  return new Proxy(RealDate, {
    // `Date()` without new answers a text; nobody calls it.
    construct: (target, args: unknown[], newTarget: NewableFunction) =>
      Reflect.construct(target, args.length === 0 ? [scheduler.now()] : args, newTarget) as object,
    get: (target, key, receiver) => (key === 'now' ? scheduler.now : (Reflect.get(target, key, receiver) as unknown)),
  })
}

/** A thread that reads a file would take real time, which nobody waits for. */
const readAtOnce = (file: string, { start = 0 }: { readonly start?: number } = {}): Readable =>
  Readable.from([fs.readFileSync(file).subarray(start)])

/**
 * The official client and Fastify take time and chance from the global scope: for as long as a run lasts, those are the
 * simulated ones, and what the client thinks of a simulated proxy is no news. Answers how to put the real ones back.
 */
export const installGlobals = (parts: GlobalParts): (() => void) => {
  const { scheduler, chance } = parts
  const timers = virtualTimers(parts)
  const fakes: Readonly<Record<string, unknown>> = {
    setTimeout: timers.setTimeout,
    clearTimeout: timers.clear,
    setInterval: timers.setInterval,
    clearInterval: timers.clear,
    Date: virtualDate(parts),
  }
  const real = Object.fromEntries(Object.keys(fakes).map((name) => [name, Reflect.get(globalThis, name) as unknown]))
  const realRandom = Math.random
  const realWarn = console.warn
  const realStream = fs.createReadStream
  const realDelay = timersPromises.setTimeout
  const delay = <T>(milliseconds = 0, value?: T): Promise<T | undefined> =>
    new Promise((resolve) => void scheduler.after(milliseconds, () => resolve(value)))

  Object.assign(globalThis, fakes)
  Math.random = chance.float
  console.warn = () => undefined
  Object.assign(timersPromises, { setTimeout: delay })
  Object.assign(fs, { createReadStream: readAtOnce })
  syncBuiltinESMExports()
  return () => {
    Object.assign(globalThis, real)
    Math.random = realRandom
    console.warn = realWarn
    Object.assign(timersPromises, { setTimeout: realDelay })
    Object.assign(fs, { createReadStream: realStream })
    syncBuiltinESMExports()
  }
}
