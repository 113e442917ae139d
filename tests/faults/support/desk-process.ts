import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import path from 'node:path'
import type { FromData, ToData } from '../../../src-main/data/protocol.ts'
import type { Channel, ChannelInput, ChannelOutput } from '../../../src-shared/contract/ipc.ts'
import type { Reply } from '../../../src-shared/errors.ts'
import { password, signInName } from '../../support/sync-server.ts'
import { until } from '../../support/until.ts'

/** The data process as a real process, spoken to as a shell does. */
export interface DeskProcess {
  readonly pid: number
  readonly call: <C extends Channel>(channel: C, input?: ChannelInput<C>) => Promise<ChannelOutput<C>>
  /** Enrolled or not, the desk is ready to work when this returns. */
  readonly signIn: () => Promise<void>
  readonly kill9: () => Promise<void>
  /** As when the shell was killed: nobody speaks to it any more. */
  readonly abandon: () => void
  readonly stop: () => Promise<void>
  readonly isRunning: () => boolean
}

/** Of the operating system; whoever runs the tests, where it is not said. */
export interface User {
  readonly uid?: number
  readonly gid?: number
}

/** The same as that of the in-process desks of the tests, so that those can open what it leaves. */
const deviceSecret = Buffer.alloc(32, 3).toString('base64url')
const entry = path.join(import.meta.dirname, '../../../src-main/data/main.ts')

export const startDeskProcess = (profileFolder: string, user: User = {}): DeskProcess => {
  mkdirSync(profileFolder, { recursive: true })
  const log = openSync(`${profileFolder}.log`, 'a')
  const child = fork(entry, { stdio: ['ignore', log, log, 'ipc'], execArgv: [], ...user })
  closeSync(log)
  const waiting = new Map<number, (reply: Reply<unknown>) => void>()
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  child.on('message', (message: FromData) => {
    if ('id' in message) waiting.get(message.id)?.(message.reply)
  })
  let last = 0
  const send = (message: ToData): void => void child.send(message, () => undefined)
  send({ start: { profileFolder, deviceSecret } })

  const call: DeskProcess['call'] = async (channel, input) => {
    last += 1
    const id = last
    const answered = new Promise<Reply<unknown>>((resolve) => waiting.set(id, resolve))
    send({ id, channel, input })
    const reply = await Promise.race([answered, gone.then(died)])
    waiting.delete(id)
    if (!reply.ok) throw Object.assign(new Error(reply.error.message), reply.error)
    // The handler of the channel made it.
    return reply.value as ChannelOutput<typeof channel>
  }
  return {
    pid: child.pid ?? 0,
    call,
    async signIn() {
      await call('session.sign_in', { sign_in_name: signInName, password })
      await until(async () => (await call('app.state')).stage === 'ready')
    },
    kill9: () => end(child, 'SIGKILL', gone),
    abandon: () => child.disconnect(),
    stop: () => end(child, 'SIGTERM', gone),
    isRunning: () => child.exitCode === null && child.signalCode === null,
  }
}

const died = (): never => {
  throw new Error('The data process has ended')
}

const end = async (child: ChildProcess, signal: NodeJS.Signals, gone: Promise<void>): Promise<void> => {
  child.kill(signal)
  await gone
}
