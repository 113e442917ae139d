import { fork } from 'node:child_process'
import type { ToData } from '../data/protocol.ts'

/** A started data process, whichever way the shell starts it. */
export interface DataChild {
  readonly send: (message: ToData) => void
  readonly onMessage: (listener: (message: unknown) => void) => void
  /** Called once, however it ended. */
  readonly onExit: (listener: (how: string) => void) => void
  /** Asks it to finish what it is doing and to end. */
  readonly close: () => void
  readonly kill: () => void
}

/**
 * Of a data process. The memory of glibc keeps a place of its own for each thread, and ours unpack megabytes at a time: with
 * two places it holds half. Elsewhere it means nothing.
 */
export const dataChildEnv = (): NodeJS.ProcessEnv => ({ ...process.env, MALLOC_ARENA_MAX: '2' })

/** What is new and soon forgotten grows to 128 MB in a first sync otherwise; that it is collected sooner costs no time. */
const nodeFlags = ['--max-semi-space-size=8']

/** Starts a data process under Node. It ends when its channel to us closes, so also when we are killed. */
export const forkDataChild = (file: string): DataChild => {
  const child = fork(file, {
    execArgv: nodeFlags,
    env: dataChildEnv(),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    windowsHide: true,
  })
  const exit = Promise.withResolvers<string>()
  child.once('error', (error) => exit.resolve(error.message))
  child.once('exit', (code, signal) => exit.resolve(signal ?? `exit code ${code}`))
  return {
    // A child that is gone says so by its exit, not here.
    send: (message) => void child.send(message, () => undefined),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void exit.promise.then(listener),
    close: () => {
      if (child.connected) child.disconnect()
    },
    kill: () => void child.kill('SIGKILL'),
  }
}
