/** Entry of the Electron shell: `electron . [--profile <folder>] [--server-url <url>]`. */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as electron from 'electron'
import electronUpdater from 'electron-updater'
import { openLog } from './log.ts'
import { openElectronShell } from './shell/electron.ts'
import { lockAllContents } from './shell/electron-locks.ts'
import { registerAppScheme } from './shell/electron-protocol.ts'
import { lockProfile } from './shell/profile-lock.ts'
import { runShell, type RunningShell } from './shell/run-shell.ts'
import { ShellError } from './shell/shell-error.ts'
import { readWindowFiles } from './shell/window-files.ts'
import { followUpdates } from './updates.ts'

const { app, BrowserWindow, dialog, protocol, shell } = electron

// Beside this file in out/, in the archive too.
const out = join(import.meta.dirname, '..')

const { values: options } = parseArgs({
  // Chromium's own switches are among them.
  strict: false,
  options: { profile: { type: 'string' }, 'server-url': { type: 'string' } },
})

let running: RunningShell | undefined

const start = async (): Promise<void> => {
  const profileFolder = app.getPath('userData')
  const lock = lockProfile(profileFolder)
  if (!lock) throw new ShellError(`Foyer is open already with ${profileFolder}.`)
  const log = openLog(profileFolder)
  const every = (milliseconds: number, work: () => void): void => void setInterval(work, milliseconds)
  const opened = openElectronShell({
    electron,
    profileFolder,
    files: await readWindowFiles(join(out, 'renderer')),
    preloadFile: join(out, 'preload/preload.cjs'),
    dataFile: join(out, 'main/data.js'),
    // Only what was installed can be replaced.
    followUpdates: () => app.isPackaged && followUpdates({ updater: electronUpdater.autoUpdater, log, every }),
    log,
  })
  const serverUrl = typeof options['server-url'] === 'string' ? options['server-url'] : undefined
  running = await runShell(opened, { profileFolder, serverUrl, log })
  app.once('quit', () => lock.release())
}

const fail = (error: unknown): void => {
  const text = error instanceof Error ? error.message : String(error)
  dialog.showErrorBox('Foyer cannot start', text)
  app.exit(1)
}

// The data process finishes what it is doing before the program ends.
const quit = (event: { readonly preventDefault: () => void }): void => {
  if (!running) return
  event.preventDefault()
  const { stop } = running
  running = undefined
  void stop().finally(() => app.quit())
}

registerAppScheme(protocol)
app.enableSandbox()
if (typeof options.profile === 'string') app.setPath('userData', resolve(options.profile))

if (app.requestSingleInstanceLock()) {
  // No link of the window leads out of it yet.
  lockAllContents(app, { shell, sites: new Set() })
  app.on('second-instance', () => {
    const [window] = BrowserWindow.getAllWindows()
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('window-all-closed', () => app.quit())
  app.on('before-quit', quit)
  app.whenReady().then(start).catch(fail)
} else {
  app.quit()
}
