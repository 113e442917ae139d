import { type InstantText, instantToText } from '../../src-shared/time.ts'

/** The start of the current minute, the same for the whole window. */
export interface MinuteClock {
  readonly subscribe: (listener: () => void) => () => void
  readonly current: () => InstantText
}

const minute = 60_000

const thisMinute = (): number => Math.floor(Date.now() / minute) * minute

export const createMinuteClock = (): MinuteClock => {
  const listeners = new Set<() => void>()
  let shown = thisMinute()

  const look = (): void => {
    if (thisMinute() === shown) return
    shown = thisMinute()
    for (const listener of listeners) listener()
  }
  const wait = (): void => {
    setTimeout(
      () => {
        look()
        wait()
      },
      minute - (Date.now() % minute),
    )
  }
  wait()
  // Timers sleep with the computer.
  document.addEventListener('visibilitychange', look)
  window.addEventListener('focus', look)

  return {
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    current: () => instantToText(shown),
  }
}
