import { useEffect, useState } from 'react'
import type { Channel, ChannelOutput } from '../../src-shared/contract/ipc.ts'
import { call } from './bridge-call.ts'
import { useDesk } from './desk.ts'

/** Channels that answer without being told anything. */
type ListChannel = Extract<Channel, 'sync.waiting'>

/** A list behind the sync status, asked for again whenever the status has changed. Undefined until the first answer. */
export const useSyncList = <C extends ListChannel>(channel: C): ChannelOutput<C> | undefined => {
  const { bridge, syncStatus } = useDesk()
  const [list, setList] = useState<ChannelOutput<C>>()

  useEffect(() => {
    let turn = 0
    const ask = async (): Promise<void> => {
      turn += 1
      const mine = turn
      const reply = await call<ListChannel>(bridge, channel, null)
      // The answer is that of the channel that was asked.
      if (mine === turn && reply.ok) setList(reply.value as ChannelOutput<C>)
    }
    void ask()
    const stop = syncStatus.subscribe(() => void ask())
    return () => {
      turn = -1
      stop()
    }
  }, [bridge, channel, syncStatus])

  return list
}
