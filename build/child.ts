import { fork, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** A Node program of ours that ends when we do, and whose output goes into a file. */
export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  readonly isRunning: () => boolean
  readonly exited: Promise<void>
  /** The last lines of what it has printed. */
  readonly lastLines: () => string
  /** Asks it to end, and kills it when it does not within ten seconds. */
  readonly stop: () => Promise<void>
  /** Kills it and what it has started, at once. */
  readonly kill: () => Promise<void>
}

export interface ChildOptions {
  readonly file: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly logFile: string
  readonly execArgv?: readonly string[]
}

const endsWithin = 10_000

export const startChild = ({ file, args = [], env = {}, logFile, execArgv = [] }: ChildOptions): Child => {
  mkdirSync(dirname(logFile), { recursive: true })
  const log = openSync(logFile, 'a', 0o600)
  const begin = statSync(logFile).size
  const child = fork(file, args, {
    execArgv: [...execArgv],
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log, 'ipc'],
    // A process group of its own: Ctrl-C is for us, and we end everything in order.
    detached: true,
  })
  closeSync(log)
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null && child.pid !== undefined
  const kill = async (): Promise<void> => {
    if (isRunning()) killGroup(child)
    await exited
  }
  return {
    process: child,
    pid: child.pid ?? 0,
    isRunning,
    exited,
    lastLines: () => readFileSync(logFile).subarray(begin).toString('utf8').trimEnd().split('\n').slice(-8).join('\n'),
    stop: async () => {
      if (!isRunning()) return
      child.kill('SIGTERM')
      const ended = await Promise.race([exited.then(() => true), delay(endsWithin, false, { ref: false })])
      if (!ended) await kill()
    },
    kill,
  }
}

const killGroup = (child: ChildProcess): void => {
  if (process.platform === 'win32' || child.pid === undefined) child.kill('SIGKILL')
  else process.kill(-child.pid, 'SIGKILL')
}
