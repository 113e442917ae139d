import type { AppUpdater } from 'electron-updater'
import type { Log } from './log.ts'

export type Updater = Pick<
  AppUpdater,
  | 'autoDownload'
  | 'autoInstallOnAppQuit'
  | 'allowDowngrade'
  | 'allowPrerelease'
  | 'disableWebInstaller'
  | 'logger'
  | 'on'
> & { readonly checkForUpdates: () => Promise<unknown> }

export interface UpdateOptions {
  readonly updater: Updater
  readonly log: Log
  /** Calls again and again, milliseconds apart. */
  readonly every: (milliseconds: number, work: () => void) => void
}

const fourHours = 4 * 3600 * 1000

/**
 * Looks for a newer version now and every four hours, downloads it in the background and installs it when the program
 * is closed: never in the middle of a counter's day, and never an older one. Feed and publisher come from the build
 * (build/electron-builder.yml); electron-updater checks signature and publisher.
 */
export const followUpdates = ({ updater, log, every }: UpdateOptions): void => {
  updater.autoDownload = true
  updater.autoInstallOnAppQuit = true
  updater.allowDowngrade = false
  updater.allowPrerelease = false
  updater.disableWebInstaller = true
  updater.logger = null
  updater.on('update-downloaded', ({ version }) => log.info(`Version ${version} is installed when Foyer is closed.`))
  // Also what `checkForUpdates` rejects with.
  updater.on('error', (error) => log.warn(`No update: ${error.message}`))
  const check = (): void => void updater.checkForUpdates().catch(() => undefined)
  check()
  every(fourHours, check)
}
