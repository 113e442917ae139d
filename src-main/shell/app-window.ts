import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export type Environment = Readonly<Record<string, string | undefined>>

/** Where Chromium, Chrome and Edge are installed, in the order in which they are tried. */
export const browserPlaces = (environment: Environment): readonly string[] => [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/microsoft-edge',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ...[environment['ProgramFiles'], environment['ProgramFiles(x86)'], environment['LOCALAPPDATA']].flatMap((folder) =>
    folder
      ? [join(folder, 'Google/Chrome/Application/chrome.exe'), join(folder, 'Microsoft/Edge/Application/msedge.exe')]
      : [],
  ),
]

/** Whether a window could be seen here. */
export const hasDisplay = (environment: Environment): boolean =>
  process.platform === 'win32' ||
  process.platform === 'darwin' ||
  Boolean(environment['DISPLAY'] ?? environment['WAYLAND_DISPLAY'])

/** The browser for the window; undefined without a display or a browser that has app windows. */
export const findAppBrowser = (environment: Environment): string | undefined => {
  if (!hasDisplay(environment)) return undefined
  return [environment['FOYER_CHROMIUM'], ...browserPlaces(environment)].find((path) => path && existsSync(path))
}

export interface AppWindow {
  readonly close: () => void
}

/**
 * Opens the URL as a window of its own, with a browser profile of its own: no extension of the everyday browser gets
 * to read it. `onFailure` is called when the browser does not start.
 */
export const openAppWindow = (browser: string, url: string, folder: string, onFailure: () => void): AppWindow => {
  const args = [
    `--app=${url}`,
    `--user-data-dir=${folder}`,
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-extensions',
    '--disable-sync',
    // Chromium refuses to start as root with it.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]
  const window = spawn(browser, args, { stdio: 'ignore', detached: true })
  window.on('error', onFailure)
  return { close: () => void window.kill() }
}
