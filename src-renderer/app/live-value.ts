import type { ErrorData, Reply } from '../../src-shared/errors.ts'

export type Live<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly error: ErrorData }
  | { readonly state: 'ready'; readonly data: T }

/** A value that is asked for once and then pushed. */
export interface LiveValue<T> {
  readonly subscribe: (listener: () => void) => () => void
  readonly current: () => Live<T>
  /** A newer value, from a push or from the answer to a call. */
  readonly set: (data: T) => void
  readonly load: () => Promise<void>
}

/** `ask` fetches the first value. A value that was pushed meanwhile is newer than its answer and stays. */
export const createLiveValue = <T>(ask: () => Promise<Reply<T>>): LiveValue<T> => {
  const listeners = new Set<() => void>()
  let current: Live<T> = { state: 'loading' }
  let turn = 0

  const become = (next: Live<T>): void => {
    turn += 1
    current = next
    for (const listener of listeners) listener()
  }

  return {
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    current: () => current,
    set: (data) => become({ state: 'ready', data }),
    load: async () => {
      const asked = turn
      const reply = await ask()
      if (asked !== turn) return
      become(reply.ok ? { state: 'ready', data: reply.value } : { state: 'failed', error: reply.error })
    },
  }
}
