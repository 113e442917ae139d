import type { IpcMain, IpcMainInvokeEvent } from 'electron'
import { bridgeMessages } from '../../src-shared/contract/bridge.ts'
import { isChannel } from '../../src-shared/contract/ipc.ts'
import type { ErrorData, Reply } from '../../src-shared/errors.ts'
import { appOrigin } from './electron-protocol.ts'
import type { Call } from './shell.ts'

/** Of the event, what tells who sent it. */
export type Sender = Pick<IpcMainInvokeEvent, 'senderFrame'> & {
  readonly sender: Pick<IpcMainInvokeEvent['sender'], 'id'>
}

/** Carries the window's calls. `isOurs` knows the ids of the windows that we opened ourselves. */
export const serveIpc = (
  ipcMain: Pick<IpcMain, 'handle'>,
  isOurs: (contentsId: number) => boolean,
  call: Call,
): void => {
  ipcMain.handle(bridgeMessages.invoke, async (event, channel: unknown, input: unknown): Promise<Reply<unknown>> => {
    if (!isFromWindow(event, isOurs)) return { ok: false, error: stranger }
    if (!isChannel(channel)) return { ok: false, error: unknownChannel }
    return call(channel, input)
  })
}

/** The top frame of one of our windows, still showing our page. */
export const isFromWindow = ({ sender, senderFrame }: Sender, isOurs: (contentsId: number) => boolean): boolean =>
  isOurs(sender.id) && senderFrame !== null && senderFrame.parent === null && senderFrame.origin === appOrigin

const stranger: ErrorData = { code: 'forbidden', message: 'Only the window of Foyer may ask.', details: {} }
const unknownChannel: ErrorData = { code: 'invalid_input', message: 'There is no such channel.', details: {} }
