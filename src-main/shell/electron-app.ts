import type { App, BrowserWindow, Protocol } from 'electron'
import { lockAllContents, type ExternalLinks } from './electron-locks.ts'
import { registerAppScheme } from './electron-protocol.ts'
import type { RunningShell } from './run-shell.ts'

export interface AppParts {
  readonly app: Pick<
    App,
    'enableSandbox' | 'setPath' | 'getPath' | 'requestSingleInstanceLock' | 'on' | 'quit' | 'exit' | 'whenReady'
  >
  readonly protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>
  readonly links: ExternalLinks
  readonly allWindows: () => readonly Pick<BrowserWindow, 'isMinimized' | 'restore' | 'focus'>[]
  readonly showError: (text: string) => void
}

export interface AppPlan {
  /** Instead of the folder that the operating system gives to programs. */
  readonly profileFolder: string | undefined
  readonly start: (profileFolder: string) => Promise<RunningShell>
}

/**
 * From the first moment to the last: everything that must be so before the app is ready, then `start`, once per
 * profile. A second start brings the first one's window to the front and opens nothing.
 */
export const runApp = ({ app, protocol, links, allWindows, showError }: AppParts, plan: AppPlan): void => {
  let running: RunningShell | undefined

  registerAppScheme(protocol)
  app.enableSandbox()
  if (plan.profileFolder !== undefined) app.setPath('userData', plan.profileFolder)
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return
  }

  lockAllContents(app, links)
  app.on('second-instance', () => {
    const [window] = allWindows()
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('window-all-closed', () => app.quit())
  // The data process finishes what it is doing before the program ends.
  app.on('before-quit', (event) => {
    if (!running) return
    event.preventDefault()
    const { stop } = running
    running = undefined
    void stop().finally(() => app.quit())
  })
  app
    .whenReady()
    .then(async () => {
      running = await plan.start(app.getPath('userData'))
    })
    .catch((error: unknown) => {
      showError(error instanceof Error ? error.message : String(error))
      app.exit(1)
    })
}
