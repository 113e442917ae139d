import type { ForkOptions, UtilityProcess } from 'electron'
import { type DataChild, dataChildEnv } from './data-child.ts'

type ChildProcess = Pick<UtilityProcess, 'on' | 'once' | 'postMessage' | 'kill' | 'pid'>

export interface UtilityProcesses {
  readonly fork: (file: string, args: string[], options: ForkOptions) => ChildProcess
}

/** Starts the data process as Electron's utility process. Electron ends it when the program ends. */
export const forkUtilityChild = (utilityProcess: UtilityProcesses, file: string): DataChild => {
  const child = utilityProcess.fork(file, [], {
    serviceName: 'Foyer data',
    stdio: 'inherit',
    env: dataChildEnv(),
  })
  return {
    send: (message) => child.postMessage(message),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', (code) => listener(`exit code ${code}`)),
    // SIGTERM, upon which it finishes what it is doing.
    close: () => void child.kill(),
    kill: () => {
      if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL')
    },
  }
}
