import path from 'node:path'
import { takeLock } from '../exclusive-lock.ts'
import { handlersFor } from '../ipc/handlers.ts'
import { serve } from '../ipc/serve.ts'
import { again } from './again.ts'
import { borrowedPlaces } from './borrowed-places.ts'
import { DataProcess } from './data-process.ts'
import { reserveIn } from './disk-reserve.ts'
import { standardCost } from './device/sealed.ts'
import { systemEnvironment } from './environment.ts'
import type { FromData, StartOptions, ToData } from './protocol.ts'
import { workInThread } from './snapshot/work-in-thread.ts'

/** The two kinds of parent: a forked Node process, and Electron's utility process. */
interface Port {
  readonly send: (message: FromData) => void
  readonly onMessage: (listener: (message: ToData) => void) => void
}

interface ElectronPort {
  readonly postMessage: (message: unknown) => void
  readonly on: (event: 'message', listener: (event: { readonly data: unknown }) => void) => void
}

const electronPort = (process as { readonly parentPort?: ElectronPort }).parentPort

// Messages come from the shell that started this process, typed by the same protocol.
const port: Port = electronPort
  ? {
      // A utility process's port has no origin.
      send: (message) => electronPort.postMessage(message),
      onMessage: (listener) => electronPort.on('message', ({ data }) => listener(data as ToData)),
    }
  : {
      // A shell that has gone is told by `disconnect`; without a callback it would be thrown too.
      send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
      onMessage: (listener) => process.on('message', (message) => listener(message as ToData)),
    }

const onFault = (error: unknown): void => console.error(error)

const lockWaitMs = 15_000
const holdEveryMs = 10_000

/** The entry of the thread for work on whole replicas, from the sources and as it is built. */
const workFile = path.join(
  import.meta.dirname,
  import.meta.filename.endsWith('.ts') ? 'snapshot/work-main.ts' : 'replica-work.js',
)

const start = (options: StartOptions): ReturnType<typeof serve> => {
  // The data process of a shell that was killed may still be finishing what it was doing.
  const lock = takeLock(path.join(options.profileFolder, 'data-lock'), lockWaitMs)
  if (!lock) throw new Error('Another data process has these databases open.')
  const places = borrowedPlaces()
  const reserve = reserveIn({ folder: options.profileFolder })
  const data = new DataProcess({
    folder: options.profileFolder,
    deviceSecret: Buffer.from(options.deviceSecret, 'base64url'),
    passwordCost: standardCost,
    defaultServerUrl: options.defaultServerUrl ?? '',
    environment: { ...systemEnvironment, reserve, borrow: places.borrow, work: workInThread(workFile) },
    push: port.send,
    onFault,
  })
  const hold = async (): Promise<void> => {
    const wasMissing = reserve.isMissing()
    await reserve.hold()
    if (reserve.isMissing() !== wasMissing) data.pushStatus()
  }
  // One that could not be taken, or was used.
  again(hold, { everyMs: holdEveryMs, onFault })
  const end = (): void =>
    void data.close().finally(() => {
      places.giveBack()
      lock.release()
      process.exit(0)
    })
  process.once('disconnect', end)
  process.once('SIGTERM', end)
  // Ctrl-C reaches the whole group; the shell decides when this process ends.
  process.on('SIGINT', () => undefined)
  return serve(handlersFor(data), onFault)
}

let answer: ReturnType<typeof serve> | undefined

port.onMessage((message) => {
  if ('start' in message) {
    answer = start(message.start)
    return
  }
  const { id, channel, input } = message
  void answer?.(channel, input).then((reply) => port.send({ id, reply }))
})
