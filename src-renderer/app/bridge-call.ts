import type { Bridge } from '../../src-shared/contract/bridge.ts'
import type { Channel, ChannelInput, ChannelOutput } from '../../src-shared/contract/ipc.ts'
import type { Reply } from '../../src-shared/errors.ts'

/** These ask the server; everything else is answered by this computer alone. */
const asksServer: readonly Channel[] = ['device.enroll', 'session.sign_in']

/** Whether a reply says that the window has lost the data process, which is not the same as having no internet. */
export const isWindowAlone = (channel: Channel, reply: Reply<unknown>): boolean =>
  !reply.ok && reply.error.code === 'unavailable' && !asksServer.includes(channel)

/** A call with the types of the contract. The data process has validated both directions. */
export const call = async <C extends Channel>(
  bridge: Bridge,
  channel: C,
  input: ChannelInput<C>,
): Promise<Reply<ChannelOutput<C>>> => {
  // The border: the contract names the type of each channel's answer.
  const reply = (await bridge.invoke(channel, input)) as Reply<ChannelOutput<C>>
  if (reply.ok || !isWindowAlone(channel, reply)) return reply
  return { ok: false, error: { ...reply.error, details: { ...reply.error.details, window_alone: true } } }
}
