import type * as Electron from 'electron'
import { bridgeMessages } from '../../src-shared/contract/bridge.ts'
import type { Log } from '../log.ts'
import { menuTemplate } from '../menu.ts'
import { mainWindowOptions, printWindowOptions } from '../windows.ts'
import { forkUtilityChild } from './electron-child.ts'
import { serveIpc } from './electron-ipc.ts'
import { lockSession } from './electron-locks.ts'
import { printSilently } from './electron-print.ts'
import { appOrigin, serveAppFiles, servePrintPages } from './electron-protocol.ts'
import { readKeychainSecret } from './electron-secret.ts'
import type { Shell } from './shell.ts'
import type { WindowFiles } from './window-files.ts'

/** Of Electron, what the shell uses. */
export type ElectronParts = Pick<
  typeof Electron,
  'app' | 'BrowserWindow' | 'ipcMain' | 'Menu' | 'safeStorage' | 'session' | 'utilityProcess'
>

export interface ElectronShellOptions {
  readonly electron: ElectronParts
  readonly profileFolder: string
  readonly isKeychainLost: boolean
  readonly files: WindowFiles
  /** Built: the preload and the entry of the data process. */
  readonly preloadFile: string
  readonly dataFile: string
  readonly followUpdates: () => void
  readonly log: Log
}

/** In memory: nothing that was printed stays. */
const printPartition = 'print'

/** The shell of the installed program. The app is ready. */
export const openElectronShell = (options: ElectronShellOptions): Shell => {
  const { electron, profileFolder, files, log } = options
  const { app, BrowserWindow, ipcMain, Menu, safeStorage, session, utilityProcess } = electron
  const pages = new Map<string, Uint8Array>()
  let window: Electron.BrowserWindow | undefined

  return {
    readSecret: () =>
      readKeychainSecret({
        profileFolder,
        safeStorage,
        platform: process.platform,
        log,
        isLost: options.isKeychainLost,
      }),
    startDataChild: () => forkUtilityChild(utilityProcess, options.dataFile),
    serve: async (call) => {
      const printing = session.fromPartition(printPartition)
      lockSession(session.defaultSession)
      lockSession(printing)
      serveAppFiles(session.defaultSession.protocol, files)
      servePrintPages(printing.protocol, pages)
      serveIpc(ipcMain, (id) => window?.webContents.id === id, call)
      Menu.setApplicationMenu(
        Menu.buildFromTemplate(menuTemplate({ platform: process.platform, isPackaged: app.isPackaged })),
      )
    },
    openWindow: async () => {
      const opened = new BrowserWindow(mainWindowOptions(options.preloadFile))
      window = opened
      opened.once('ready-to-show', () => opened.show())
      opened.once('closed', () => (window = undefined))
      await opened.loadURL(`${appOrigin}/`)
    },
    push: (push) => window?.webContents.send(bridgeMessages.push, push),
    print: (request) => {
      const openPrintWindow = (): Electron.BrowserWindow => new BrowserWindow(printWindowOptions(printPartition))
      return printSilently({ pages, openPrintWindow }, request)
    },
    checkForUpdates: options.followUpdates,
    close: async () => window?.destroy(),
  }
}
