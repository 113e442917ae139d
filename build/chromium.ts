import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from '@playwright/test'

const windowsFolders = [process.env['ProgramFiles'], process.env['ProgramFiles(x86)'], process.env['LOCALAPPDATA']]

const places: readonly string[] = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/microsoft-edge',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ...windowsFolders.flatMap((folder) =>
    folder
      ? [join(folder, 'Google/Chrome/Application/chrome.exe'), join(folder, 'Microsoft/Edge/Application/msedge.exe')]
      : [],
  ),
]

/** A Chromium, Chrome or Edge of this machine; FOYER_CHROMIUM names another one, Playwright's own comes last. */
export const findChromium = (): string | undefined =>
  [process.env['FOYER_CHROMIUM'], ...places, chromium.executablePath()].find((path) => path && existsSync(path))

/** Chromium's path, installing Debian's package where that needs nobody's consent; else the line that tells what to do. */
export const ensureChromium = (): { readonly path: string } | { readonly missing: string } => {
  const found = findChromium() ?? (canInstall() ? install() : undefined)
  if (found) return { path: found }
  return { missing: 'No Chromium, Chrome or Edge here: install one, or name one in FOYER_CHROMIUM.' }
}

const canInstall = (): boolean =>
  process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0

const install = (): string | undefined => {
  console.log('No Chromium here: installing the Debian package.')
  const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const
  try {
    execFileSync('apt-get', ['update', '-q'], options)
    execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], options)
  } catch {
    // apt-get has said why; the caller says what to do.
  }
  return findChromium()
}
