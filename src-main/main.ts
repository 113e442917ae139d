/** Entry of the Electron shell: `electron . [--profile <folder>] [--server-url <url>] [--keychain-lost]`. */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as electron from 'electron'
import electronUpdater from 'electron-updater'
import { openLog } from './log.ts'
import { runApp } from './shell/electron-app.ts'
import { openElectronShell } from './shell/electron.ts'
import { lockProfile } from './shell/profile-lock.ts'
import { runShell, type RunningShell } from './shell/run-shell.ts'
import { ShellError } from './shell/shell-error.ts'
import { readWindowFiles } from './shell/window-files.ts'
import { followUpdates } from './updates.ts'

const { app, BrowserWindow, dialog, protocol, shell } = electron

// Beside this file in out/, in the archive too.
const out = join(import.meta.dirname, '..')

const { values } = parseArgs({
  // Chromium's own switches are among them.
  strict: false,
  options: { profile: { type: 'string' }, 'server-url': { type: 'string' }, 'keychain-lost': { type: 'boolean' } },
})
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const profile = textOf(values.profile)

const start = async (profileFolder: string): Promise<RunningShell> => {
  const lock = lockProfile(profileFolder)
  if (!lock) throw new ShellError(`Foyer is open already with ${profileFolder}.`)
  app.once('quit', () => lock.release())
  const log = openLog(profileFolder)
  const every = (milliseconds: number, work: () => void): void => void setInterval(work, milliseconds)
  const opened = openElectronShell({
    electron,
    profileFolder,
    isKeychainLost: values['keychain-lost'] === true,
    files: await readWindowFiles(join(out, 'renderer')),
    preloadFile: join(out, 'preload/preload.cjs'),
    dataFile: join(out, 'main/data.js'),
    // Only what was installed can be replaced.
    followUpdates: () => app.isPackaged && followUpdates({ updater: electronUpdater.autoUpdater, log, every }),
    log,
  })
  return runShell(opened, { profileFolder, serverUrl: textOf(values['server-url']), log })
}

runApp(
  {
    app,
    protocol,
    // No link of the window leads out of it yet.
    links: { shell, sites: new Set() },
    allWindows: () => BrowserWindow.getAllWindows(),
    showError: (text) => dialog.showErrorBox('Foyer cannot start', text),
  },
  { profileFolder: profile === undefined ? undefined : resolve(profile), start },
)
