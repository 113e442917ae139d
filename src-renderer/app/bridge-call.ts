import type { Bridge } from '../../src-shared/contract/bridge.ts'
import type { Channel, ChannelInput, ChannelOutput } from '../../src-shared/contract/ipc.ts'
import type { Reply } from '../../src-shared/errors.ts'

/** A call with the types of the contract. The data process has validated both directions. */
export const call = async <C extends Channel>(
  bridge: Bridge,
  channel: C,
  input: ChannelInput<C>,
): Promise<Reply<ChannelOutput<C>>> =>
  // The border: the contract names the type of each channel's answer.
  (await bridge.invoke(channel, input)) as Reply<ChannelOutput<C>>
