import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chromium } from '@playwright/test'
import { browserPlaces } from '../src-main/shell/app-window.ts'

/** A Chromium, Chrome or Edge of this machine; FOYER_CHROMIUM names another one, Playwright's own comes last. */
export const findChromium = (): string | undefined =>
  [process.env['FOYER_CHROMIUM'], ...browserPlaces(process.env), chromium.executablePath()].find(
    (path) => path && existsSync(path),
  )

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
