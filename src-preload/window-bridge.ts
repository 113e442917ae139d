import type { IpcRenderer, IpcRendererEvent } from 'electron'
import { bridgeMessages, type Bridge } from '../src-shared/contract/bridge.ts'
import type { Channel } from '../src-shared/contract/ipc.ts'
import type { Push } from '../src-shared/contract/push.ts'

/**
 * What the window gets: calls of the contract's channels and pushes, nothing else. Neither ipcRenderer nor an event
 * object, whose `sender` leads back to it, gets through.
 */
export const windowBridge = (ipc: Pick<IpcRenderer, 'invoke' | 'on' | 'off'>): Bridge => ({
  invoke: async (channel, input) => {
    if (!Object.hasOwn(channels, channel)) return unknownChannel
    // The main process answers with a Reply, always.
    return ipc.invoke(bridgeMessages.invoke, channel, input) as ReturnType<Bridge['invoke']>
  },
  onPush: (listener) => {
    const hear = (_event: IpcRendererEvent, push: Push): void => listener(push)
    ipc.on(bridgeMessages.push, hear)
    return () => void ipc.off(bridgeMessages.push, hear)
  },
})

/** The contract's channels by name alone, so that its validators stay out of the preload. Complete, or it won't compile. */
const channels: Readonly<Record<Channel, true>> = {
  'app.state': true,
  'device.enroll': true,
  'session.sign_in': true,
  'session.sign_out': true,
  query: true,
  command: true,
  'sync.status': true,
  'sync.waiting': true,
  'sync.accept_removal': true,
  'sync.compare': true,
  'print.jobs': true,
  'print.receipt': true,
  'print.settle': true,
}

const unknownChannel = {
  ok: false,
  error: { code: 'invalid_input', message: 'There is no such channel.', details: {} },
} as const
