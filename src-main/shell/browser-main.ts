/**
 * Entry of the browser shell: `node src-main/shell/browser-main.ts --profile <folder> [--port n] [--no-open]
 * [--server-url url]`. Prints the URL that opens the window, once; a parent with a channel gets it as `{ url }`.
 */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { ExclusiveLock } from '../exclusive-lock.ts'
import { openLog } from '../log.ts'
import { findAppBrowser, openAppWindow, type AppWindow } from './app-window.ts'
import { openBrowserShell } from './browser.ts'
import { lockProfile } from './profile-lock.ts'
import { runShell, type RunningShell } from './run-shell.ts'
import { readRunning, startUrl } from './running-file.ts'
import { ShellError } from './shell-error.ts'

const root = join(import.meta.dirname, '../..')

const readOptions = () => {
  const { values } = parseArgs({
    options: {
      profile: { type: 'string' },
      port: { type: 'string' },
      'no-open': { type: 'boolean', default: false },
      'server-url': { type: 'string' },
      // For tests: another window, another data process.
      window: { type: 'string', default: join(root, 'out/renderer') },
      data: { type: 'string', default: join(root, 'src-main/data/main.ts') },
    },
  })
  if (!values.profile) throw new ShellError('Name the folder of the profile: --profile <folder>.')
  const port = values.port === undefined ? undefined : Number(values.port)
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new ShellError('--port takes a number from 1 to 65535.')
  }
  return { ...values, profile: resolve(values.profile), port }
}

let lock: ExclusiveLock | undefined
let window: AppWindow | undefined
let running: RunningShell | undefined
let isStopping = false

const stop = async (): Promise<void> => {
  if (isStopping) return
  isStopping = true
  window?.close()
  await running?.stop()
  lock?.release()
  process.exit(0)
}

const open = (newUrl: () => string, options: ReturnType<typeof readOptions>): void => {
  const url = newUrl()
  console.log(`Foyer is open at ${url}`)
  process.send?.({ url })
  const browser = options['no-open'] ? undefined : findAppBrowser(process.env)
  if (!browser) return
  const sayNo = (): void => console.log(`${browser} did not start: open the address above yourself.`)
  window = openAppWindow(browser, newUrl(), join(options.profile, 'window'), sayNo)
}

const start = async (): Promise<void> => {
  const options = readOptions()
  const profileFolder = options.profile
  lock = lockProfile(profileFolder)
  if (!lock) {
    const other = readRunning(profileFolder)
    const where = other ? `: ${startUrl(other)}` : ', or just about to start.'
    throw new ShellError(`Foyer is open already with ${profileFolder}${where}`)
  }
  process.on('SIGINT', () => void stop())
  process.on('SIGTERM', () => void stop())
  // Whoever started us with a channel is gone.
  process.on('disconnect', () => void stop())

  const shell = await openBrowserShell({
    profileFolder,
    windowFolder: resolve(options.window),
    dataFile: resolve(options.data),
    port: options.port,
    onReady: (newUrl) => open(newUrl, options),
  })
  const log = openLog(profileFolder)
  running = await runShell(shell, { profileFolder, serverUrl: options['server-url'], log })
}

start().catch((error: unknown) => {
  console.error(error instanceof ShellError ? error.message : error)
  process.exit(1)
})
