import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { findAppBrowser, hasDisplay, openAppWindow } from '../../../src-main/shell/app-window.ts'
import { temporaryFolder } from '../../support/shell-folders.ts'
import { until } from '../../support/until.ts'

test.runIf(process.platform === 'linux')('without a display there is no window to open', () => {
  expect(hasDisplay({})).toBe(false)
  expect(findAppBrowser({ FOYER_CHROMIUM: process.execPath })).toBeUndefined()
})

test('with a display the browser that was named comes first', () => {
  const environment = { WAYLAND_DISPLAY: 'wayland-0', FOYER_CHROMIUM: process.execPath }

  expect(findAppBrowser(environment)).toBe(process.execPath)
})

test.runIf(process.platform !== 'win32')(
  'the window has a browser profile of its own, without extensions',
  async () => {
    const folder = temporaryFolder()
    const browser = join(folder, 'browser')
    writeFileSync(browser, `#!/bin/sh\necho "$@" > ${folder}/new && mv ${folder}/new ${folder}/args\n`)
    chmodSync(browser, 0o755)

    openAppWindow(browser, 'http://127.0.0.1:1/start?token=a.b', join(folder, 'window'), vi.fn())
    await until(() => existsSync(join(folder, 'args')))

    const args = readFileSync(join(folder, 'args'), 'utf8')
    expect(args).toContain('--app=http://127.0.0.1:1/start?token=a.b')
    expect(args).toContain(`--user-data-dir=${folder}/window`)
    expect(args).toContain('--disable-extensions')
  },
)

test('a browser that does not start is told', async () => {
  const onFailure = vi.fn()

  openAppWindow('/nowhere/browser', 'http://127.0.0.1:1/', temporaryFolder(), onFailure)

  await until(() => onFailure.mock.calls.length === 1)
  expect(onFailure).toHaveBeenCalledOnce()
})
