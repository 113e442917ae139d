import { useCallback } from 'react'
import type { Command } from '../../src-shared/commands/command.ts'
import type { ChannelOutput } from '../../src-shared/contract/ipc.ts'
import type { Reply } from '../../src-shared/errors.ts'
import { call } from './bridge-call.ts'
import { useDesk } from './desk.ts'

export type Run = <A>(command: Command<A>, args: A) => Promise<Reply<ChannelOutput<'command'>>>

/** Runs a command. When the answer is ok the effect is saved on this computer, online or not. */
export const useCommand = (): Run => {
  const { bridge } = useDesk()
  return useCallback((command, args) => call(bridge, 'command', { name: command.name, args }), [bridge])
}
