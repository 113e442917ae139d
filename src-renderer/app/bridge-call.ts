import type { Channel, ChannelInput, ChannelOutput } from '../../src-shared/contract/ipc.ts'
import type { Push } from '../../src-shared/contract/push.ts'
import type { Reply } from '../../src-shared/errors.ts'

/** What either shell gives the window: calls out, pushes in. Nothing else reaches it. */
export interface Bridge {
  readonly invoke: (channel: Channel, input: unknown) => Promise<Reply<unknown>>
  readonly onPush: (listener: (push: Push) => void) => () => void
}

/** A call with the types of the contract. The data process has validated both directions. */
export const call = async <C extends Channel>(
  bridge: Bridge,
  channel: C,
  input: ChannelInput<C>,
): Promise<Reply<ChannelOutput<C>>> => {
  try {
    // The border: the contract names the type of each channel's answer, and the data process validates it.
    return (await bridge.invoke(channel, input)) as Reply<ChannelOutput<C>>
  } catch {
    return { ok: false, error: lostConnection }
  }
}

const lostConnection = {
  code: 'unavailable',
  message: 'The window lost its connection to the part of Foyer that keeps the data.',
  details: {},
} as const
