import { type Channel, type ChannelOutput, channels, isChannel } from '../../src-shared/contract/ipc.ts'
import { DomainError, type Reply, toErrorData } from '../../src-shared/errors.ts'
import type { z } from 'zod'
import { diskProblem } from '../data/sqlite.ts'

export type Handlers = {
  readonly [C in Channel]: (
    input: z.output<(typeof channels)[C]['input']>,
  ) => ChannelOutput<C> | Promise<ChannelOutput<C>>
}

/** Answers one call of the window: validated on the way in, and a throw becomes a reply. Faults are reported once, here. */
export const serve =
  (handlers: Handlers, onFault: (error: unknown) => void) =>
  async (channel: string, input: unknown): Promise<Reply<unknown>> => {
    try {
      return { ok: true, value: await dispatch(handlers, channel, input) }
    } catch (error) {
      if (!(error instanceof DomainError)) onFault(error)
      return { ok: false, error: toErrorData(diskProblem(error) ?? error) }
    }
  }

const dispatch = (handlers: Handlers, channel: string, input: unknown): unknown => {
  if (!isChannel(channel)) throw new DomainError('invalid_input', 'There is no such channel.')
  const parsed = channels[channel].input.safeParse(input)
  if (!parsed.success) {
    throw new DomainError('invalid_input', `${channel}: ${parsed.error.issues[0]?.message ?? 'wrong input'}`)
  }
  // The input was parsed by the schema of the same channel.
  const handler = handlers[channel] as (input: unknown) => unknown
  return handler(parsed.data)
}
