import type { Push } from '../../src-shared/contract/push.ts'
import type { Channel, ChannelInput, ChannelOutput } from '../../src-shared/contract/ipc.ts'
import type { Reply } from '../../src-shared/errors.ts'
import { DataProcess } from '../../src-main/data/data-process.ts'
import type { ReplicaWork } from '../../src-main/data/snapshot/replica-work.ts'
import { handlersFor } from '../../src-main/ipc/handlers.ts'
import { serve } from '../../src-main/ipc/serve.ts'
import { environmentWith } from './environment.ts'
import { removeFolder, temporaryFolder } from './store.ts'
import { password, signInName, type TestServer } from './sync-server.ts'
import { until } from './until.ts'

/** The cheapest that argon2id allows: tests sign in often. */
const testCost = { memoryKib: 8, passes: 1 }

export interface DeskOptions {
  readonly folder?: string
  /** Stands between the desk and the network. */
  readonly fetch?: typeof fetch
  readonly now?: () => number
  readonly random?: () => number
  readonly work?: ReplicaWork
  /** Of another keychain. */
  readonly deviceSecret?: Uint8Array
}

/** A desk as its window sees it: the whole data process, by the channels of the contract. */
export interface TestDesk {
  readonly folder: string
  readonly data: DataProcess
  readonly pushes: readonly Push[]
  readonly faults: readonly unknown[]
  /** The reply as the window gets it. */
  readonly invoke: (channel: Channel, input?: unknown) => Promise<Reply<unknown>>
  /** The value of a reply; throws the refusal. */
  readonly call: <C extends Channel>(channel: C, input?: ChannelInput<C>) => Promise<ChannelOutput<C>>
  readonly command: (name: string, args: unknown) => Promise<ChannelOutput<'command'>>
  readonly query: <T>(name: string, args: unknown) => Promise<T>
  readonly signIn: () => Promise<void>
  readonly rows: (table: string) => readonly Record<string, unknown>[]
  /** Ends it without deleting its folder. */
  readonly stop: () => Promise<void>
  readonly remove: () => Promise<void>
}

const usualSecret = new Uint8Array(32).fill(3)

export const openDesk = (options: DeskOptions = {}): TestDesk => {
  const { folder = temporaryFolder(), deviceSecret = usualSecret, ...network } = options
  const pushes: Push[] = []
  const faults: unknown[] = []
  const data = new DataProcess({
    folder,
    deviceSecret,
    passwordCost: testCost,
    defaultServerUrl: '',
    environment: environmentWith(network),
    push: (push) => pushes.push(push),
    onFault: (fault) => faults.push(fault),
  })
  const answer = serve(handlersFor(data), (fault) => faults.push(fault))
  const invoke: TestDesk['invoke'] = (channel, input) => answer(channel, input)
  const call = async <C extends Channel>(channel: C, input?: ChannelInput<C>): Promise<ChannelOutput<C>> => {
    const reply = await invoke(channel, input)
    if (!reply.ok) throw Object.assign(new Error(reply.error.message), reply.error)
    // The handler of the channel made it.
    return reply.value as ChannelOutput<C>
  }
  return {
    folder,
    data,
    pushes,
    faults,
    invoke,
    call,
    command: (name, args) => call('command', { name, args }),
    query: async <T>(name: string, args: unknown) => (await call('query', { name, args })).result as T,
    async signIn() {
      await call('session.sign_in', { sign_in_name: signInName, password })
      await until(() => data.appState().stage === 'ready')
    },
    rows: (table) =>
      data.signedIn().store.replica.db.prepare(`select * from "${table}" order by id`).all() as Record<
        string,
        unknown
      >[],
    stop: () => data.close(),
    async remove() {
      await data.close()
      removeFolder(folder)
    },
  }
}

/** Enrolls a new desk at the counter's facility and signs its staff member in. */
export const enrollDesk = async (server: TestServer, options: DeskOptions = {}): Promise<TestDesk> => {
  const desk = openDesk(options)
  await desk.call('device.enroll', { code: await server.newCode(), name: 'Desk', server_url: server.url() })
  await desk.signIn()
  return desk
}
