import type { BrowserWindowConstructorOptions } from 'electron'
import { expect, test, vi } from 'vitest'
import { menuTemplate } from '../../../src-main/menu.ts'
import { runApp, type AppParts } from '../../../src-main/shell/electron-app.ts'
import { openElectronShell, type ElectronParts } from '../../../src-main/shell/electron.ts'
import { printSilently, type PrintWindow } from '../../../src-main/shell/electron-print.ts'
import { readWindowFiles } from '../../../src-main/shell/window-files.ts'
import { followUpdates, type Updater } from '../../../src-main/updates.ts'
import { mainWindowOptions, printWindowOptions } from '../../../src-main/windows.ts'
import { temporaryFolder, windowFolder } from '../../support/shell-folders.ts'
import { until } from '../../support/until.ts'

const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() }

const locked = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
}

test('both kinds of window are sandboxed, isolated and without Node', () => {
  expect(mainWindowOptions('/preload.cjs').webPreferences).toMatchObject({ ...locked, preload: '/preload.cjs' })
  expect(printWindowOptions('print').webPreferences).toMatchObject({ ...locked, partition: 'print' })
  expect(printWindowOptions('print').webPreferences).not.toHaveProperty('preload')
})

const recordApp = (hasLock: boolean) => {
  const order: string[] = []
  const listeners = new Map<string, (event: { preventDefault: () => void }) => void>()
  const window = { isMinimized: () => true, restore: vi.fn(), focus: vi.fn() }
  const app = {
    enableSandbox: vi.fn(() => void order.push('sandbox')),
    setPath: vi.fn((_name: string, path: string) => void order.push(`profile ${path}`)),
    getPath: vi.fn(() => '/profile'),
    requestSingleInstanceLock: vi.fn(() => {
      order.push('lock')
      return hasLock
    }),
    on: vi.fn((name: string, listener: (event: { preventDefault: () => void }) => void) => {
      listeners.set(name, listener)
    }),
    quit: vi.fn(() => void order.push('quit')),
    exit: vi.fn(),
    whenReady: vi.fn(async () => void order.push('ready')),
  }
  const parts: AppParts = {
    app: app as unknown as AppParts['app'],
    protocol: { registerSchemesAsPrivileged: () => void order.push('scheme') },
    links: { shell: { openExternal: vi.fn() }, sites: new Set() },
    allWindows: () => [window],
    showError: vi.fn(),
  }
  return { parts, app, order, listeners, window }
}

test('scheme, sandbox and the lock of the profile come before anything is opened', async () => {
  const { parts, order } = recordApp(true)
  const start = vi.fn(async () => {
    order.push('start')
    return { stop: async () => undefined }
  })

  runApp(parts, { profileFolder: '/elsewhere', start })
  await until(() => order.includes('start'))

  expect(order).toEqual(['scheme', 'sandbox', 'profile /elsewhere', 'lock', 'ready', 'start'])
  expect(start).toHaveBeenCalledExactlyOnceWith('/profile')
})

test('a second start on the same profile quits and opens nothing', () => {
  const { parts, app, order } = recordApp(false)
  const start = vi.fn()

  runApp(parts, { profileFolder: undefined, start })

  expect(order.slice(-2)).toEqual(['lock', 'quit'])
  expect(app.whenReady).not.toHaveBeenCalled()
  expect(start).not.toHaveBeenCalled()
})

test('the first start brings its window to the front when a second one knocks', () => {
  const { parts, listeners, window } = recordApp(true)
  runApp(parts, { profileFolder: undefined, start: async () => ({ stop: async () => undefined }) })

  listeners.get('second-instance')?.({ preventDefault: vi.fn() })

  expect(window.restore).toHaveBeenCalledOnce()
  expect(window.focus).toHaveBeenCalledOnce()
})

test('the program ends only after the data process has', async () => {
  const { parts, app, order, listeners } = recordApp(true)
  const stop = vi.fn(async () => void order.push('stopped'))
  const started = vi.fn(async () => ({ stop }))
  runApp(parts, { profileFolder: undefined, start: started })
  await until(() => started.mock.settledResults.length === 1)
  const preventDefault = vi.fn()

  listeners.get('before-quit')?.({ preventDefault })
  await until(() => order.includes('quit'))
  listeners.get('before-quit')?.({ preventDefault })

  expect(order.slice(-2)).toEqual(['stopped', 'quit'])
  expect(preventDefault).toHaveBeenCalledOnce()
  expect(app.quit).toHaveBeenCalledOnce()
})

test('a start that fails says why and ends the program', async () => {
  const { parts, app } = recordApp(true)

  runApp(parts, { profileFolder: undefined, start: () => Promise.reject(new Error('The keychain is locked.')) })
  await until(() => app.exit.mock.calls.length > 0)

  expect(parts.showError).toHaveBeenCalledExactlyOnceWith('The keychain is locked.')
  expect(app.exit).toHaveBeenCalledExactlyOnceWith(1)
})

const recordElectron = () => {
  const session = () => ({
    setPermissionRequestHandler: vi.fn(),
    setPermissionCheckHandler: vi.fn(),
    setDevicePermissionHandler: vi.fn(),
    setDisplayMediaRequestHandler: vi.fn(),
    setBluetoothPairingHandler: vi.fn(),
    on: vi.fn(),
    protocol: { handle: vi.fn() },
  })
  const windows: { options: BrowserWindowConstructorOptions; loadURL: unknown; webContents: { send: unknown } }[] = []
  class BrowserWindow {
    readonly loadURL = vi.fn(async () => undefined)
    readonly once = vi.fn()
    readonly webContents = { id: 1, send: vi.fn() }
    readonly options: BrowserWindowConstructorOptions

    constructor(options: BrowserWindowConstructorOptions) {
      this.options = options
      windows.push(this)
    }
  }
  const [defaultSession, printing] = [session(), session()]
  const electron = {
    app: { isPackaged: true },
    BrowserWindow,
    ipcMain: { handle: vi.fn() },
    Menu: { setApplicationMenu: vi.fn(), buildFromTemplate: vi.fn() },
    safeStorage: {},
    session: { defaultSession, fromPartition: vi.fn(() => printing) },
    utilityProcess: { fork: vi.fn() },
  }
  return {
    electron: electron as unknown as ElectronParts,
    defaultSession,
    printing,
    windows,
    ipcMain: electron.ipcMain,
  }
}

test('the shell locks both sessions, serves the files, and opens one window on its own origin', async () => {
  const { electron, defaultSession, printing, windows, ipcMain } = recordElectron()
  const shell = openElectronShell({
    electron,
    profileFolder: temporaryFolder(),
    isKeychainLost: false,
    files: await readWindowFiles(windowFolder()),
    preloadFile: '/preload.cjs',
    dataFile: '/data.js',
    followUpdates: vi.fn(),
    log,
  })

  await shell.serve(vi.fn())
  await shell.openWindow()
  shell.push({ push: 'print-jobs', data: {} })

  for (const session of [defaultSession, printing]) {
    expect(session.setPermissionRequestHandler).toHaveBeenCalledOnce()
    expect(session.setPermissionCheckHandler).toHaveBeenCalledOnce()
    expect(session.protocol.handle).toHaveBeenCalledExactlyOnceWith('app', expect.any(Function))
  }
  expect(ipcMain.handle).toHaveBeenCalledOnce()
  expect(windows).toHaveLength(1)
  expect(windows[0]?.options).toEqual(mainWindowOptions('/preload.cjs'))
  expect(windows[0]?.loadURL).toHaveBeenCalledExactlyOnceWith('app://foyer/')
  expect(windows[0]?.webContents.send).toHaveBeenCalledExactlyOnceWith('foyer:push', { push: 'print-jobs', data: {} })
})

const recordPrinter = (facts: { printers?: number; success?: boolean } = {}) => {
  const pages = new Map<string, Uint8Array>()
  const loaded: (Uint8Array | undefined)[] = []
  const print = vi.fn((_options: object, done: (success: boolean, reason: string) => void) =>
    done(facts.success ?? true, ''),
  )
  const window = {
    loadURL: vi.fn(async (url: string) => void loaded.push(pages.get(url.replace('app://foyer', '')))),
    destroy: vi.fn(),
    show: vi.fn(),
    webContents: { print, getPrintersAsync: async () => Array.from({ length: facts.printers ?? 1 }, () => ({})) },
  }
  return { pages, loaded, window, print, openPrintWindow: () => window as unknown as PrintWindow }
}

const pdf = Buffer.from('%PDF')

test('a receipt is printed without a dialog, from memory, and nothing of it stays', async () => {
  const printer = recordPrinter()

  const printed = await printSilently(printer, { pdf, paper: 'a4' })

  expect(printed).toBe(true)
  expect(printer.loaded).toEqual([pdf])
  expect(printer.print.mock.calls[0]?.[0]).toMatchObject({ silent: true, pageSize: 'A4' })
  expect(printer.window.destroy).toHaveBeenCalledOnce()
  expect(printer.pages.size).toBe(0)
})

test('the roll of a receipt printer keeps the length that the printer knows', async () => {
  const printer = recordPrinter()

  await printSilently(printer, { pdf, paper: '80mm' })

  expect(printer.print.mock.calls[0]?.[0]).toMatchObject({ silent: true, usePrinterDefaultPageSize: true })
})

test.each([
  ['there is no printer', { printers: 0 }],
  ['the printer refuses', { success: false }],
])('when %s, the receipt is shown and counts as not printed', async (_what, facts) => {
  const printer = recordPrinter(facts)

  const printed = await printSilently(printer, { pdf, paper: 'a4' })

  expect(printed).toBe(false)
  expect(printer.window.show).toHaveBeenCalledOnce()
  expect(printer.pages.size).toBe(0)
})

test('updates are downloaded in the background, never older, never installed while the desk is open', () => {
  const checkForUpdates = vi.fn(() => Promise.reject(new Error('offline')))
  const every = vi.fn()
  const updater = { on: vi.fn(), checkForUpdates, allowDowngrade: true } as unknown as Updater

  followUpdates({ updater, log, every })

  expect(updater).toMatchObject({
    autoDownload: true,
    autoInstallOnAppQuit: true,
    allowDowngrade: false,
    allowPrerelease: false,
    disableWebInstaller: true,
  })
  expect(checkForUpdates).toHaveBeenCalledOnce()
  expect(every).toHaveBeenCalledExactlyOnceWith(4 * 3600 * 1000, expect.any(Function))
})

test('what is installed has neither reload nor developer tools in its menu', () => {
  const roles = (isPackaged: boolean): string => JSON.stringify(menuTemplate({ platform: 'linux', isPackaged }))

  expect(roles(true)).not.toMatch(/toggleDevTools|reload/)
  expect(roles(false)).toMatch(/toggleDevTools/)
})
