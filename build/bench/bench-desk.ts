import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Channel, ChannelInput, ChannelOutput, SyncStatus } from '../../src-shared/contract/ipc.ts'
import type { Push } from '../../src-shared/contract/push.ts'
import { forkDataChild } from '../../src-main/shell/data-child.ts'
import { type DataProcess, runDataProcess } from '../../src-main/shell/data-process.ts'
import { demoSignIns } from '../demo/story.ts'

const dataFile = join(import.meta.dirname, '../../src-main/data/main.ts')

/** How long the slowest thing may take that a benchmark waits for. */
const patienceMs = 180_000

const [frontDesk] = demoSignIns
export const credentials = { sign_in_name: frontDesk.sign_in_name, password: frontDesk.password }

/** A desk without a window: its data process as a shell starts it, called as a shell calls it. */
export interface BenchDesk {
  readonly profileFolder: string
  readonly deviceSecret: Uint8Array
  readonly start: () => void
  readonly stop: () => Promise<void>
  readonly isRunning: () => boolean
  /** The value of a reply; throws the refusal. */
  readonly call: <C extends Channel>(channel: C, input?: ChannelInput<C>) => Promise<ChannelOutput<C>>
  readonly query: (name: string, args: unknown) => Promise<unknown>
  readonly command: (name: string, args: unknown) => Promise<ChannelOutput<'command'>>
  /** Signs in and waits until the counter can be used. */
  readonly signIn: () => Promise<void>
  /** The first push from now on that `isIt` accepts. */
  readonly push: (isIt: (push: Push) => boolean) => Promise<Push>
  /** Waits until the server has decided everything. */
  readonly drained: () => Promise<void>
}

export const benchDesk = (profileFolder: string): BenchDesk => {
  mkdirSync(profileFolder, { recursive: true, mode: 0o700 })
  const deviceSecret = randomBytes(32)
  const listeners = new Set<(push: Push) => void>()
  let data: DataProcess | undefined

  const call: BenchDesk['call'] = async (channel, input) => {
    if (!data) throw new Error('The desk is not started.')
    const reply = await data.call(channel, input)
    if (!reply.ok) throw new Error(`${channel}: ${reply.error.code}: ${reply.error.message}`)
    // The data process validated it against the same contract.
    return reply.value as ChannelOutput<typeof channel>
  }

  const push: BenchDesk['push'] = async (isIt) => {
    const { promise, resolve, reject } = Promise.withResolvers<Push>()
    const listener = (pushed: Push): void => {
      if (isIt(pushed)) resolve(pushed)
    }
    const timer = setTimeout(() => reject(new Error(`Nothing came within ${patienceMs / 1000} s.`)), patienceMs)
    timer.unref()
    listeners.add(listener)
    return promise.finally(() => {
      clearTimeout(timer)
      listeners.delete(listener)
    })
  }

  return {
    profileFolder,
    deviceSecret,
    start: () => {
      data = runDataProcess({
        startChild: () => forkDataChild(dataFile),
        start: { profileFolder, deviceSecret: deviceSecret.toString('base64url') },
        onPush: (pushed) => {
          for (const listener of listeners) listener(pushed)
        },
        log: console,
      })
    },
    stop: async () => {
      await data?.stop()
      data = undefined
    },
    isRunning: () => data !== undefined,
    call,
    query: async (name, args) => (await call('query', { name, args })).result,
    command: async (name, args) => call('command', { name, args }),
    signIn: async () => {
      const ready = push(({ push: name, data: state }) => name === 'app-state' && state.stage === 'ready')
      await Promise.all([call('session.sign_in', credentials), ready])
    },
    push,
    drained: async () => {
      const isDrained = ({ push: name, data: status }: Push): boolean => name === 'sync-status' && status.waiting === 0
      const drained = push(isDrained)
      // Who has nothing to send says nothing either.
      const { waiting } = await call('sync.status')
      if (waiting > 0) await drained
      else drained.catch(() => undefined)
    },
  }
}

export interface FirstSync {
  readonly rows: number
  /** Until the counter can be used. */
  readonly usableSeconds: number
  /** Until all rows are there. */
  readonly seconds: number
}

const isWhole = ({ received_up_to, other_days }: SyncStatus): boolean => received_up_to !== null && other_days === null

/** Waits until every row of its facility is there, after a first sync was begun. */
export const allRows = async (desk: BenchDesk): Promise<void> => {
  const whole = desk.push(({ push: name, data: status }) => name === 'sync-status' && isWhole(status))
  if (isWhole(await desk.call('sync.status'))) whole.catch(() => undefined)
  else await whole
}

const secondsSince = (begin: number): number => (performance.now() - begin) / 1000

/** Starts a new desk, enrolls it with the code and signs in: what happens once at each computer. */
export const firstSync = async (desk: BenchDesk, code: string, serverUrl: string): Promise<FirstSync> => {
  desk.start()
  await desk.call('app.state')
  const begin = performance.now()
  await desk.call('device.enroll', { code, name: 'Bench', server_url: serverUrl })
  await desk.signIn()
  const usableSeconds = secondsSince(begin)
  await allRows(desk)
  const seconds = secondsSince(begin)
  return { rows: (await desk.call('app.state')).rows_received, usableSeconds, seconds }
}
