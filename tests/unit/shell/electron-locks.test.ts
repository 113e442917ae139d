import type { Session } from 'electron'
import { expect, test, vi } from 'vitest'
import {
  isAllowedSite,
  lockAllContents,
  lockContents,
  lockSession,
  type LockedContents,
} from '../../../src-main/shell/electron-locks.ts'

const sites = new Set(['help.example'])

const recordContents = () => {
  const listeners = new Map<string, (event: { preventDefault: () => void }) => void>()
  const setWindowOpenHandler = vi.fn()
  const on = vi.fn((name: string, listener: (event: { preventDefault: () => void }) => void) => {
    listeners.set(name, listener)
  })
  // `on` is one function for every event there, and an overload for each in Electron's types.
  const contents = { on, setWindowOpenHandler } as unknown as LockedContents
  return { contents, listeners, setWindowOpenHandler }
}

const recordSession = () => ({
  setPermissionRequestHandler: vi.fn<Session['setPermissionRequestHandler']>(),
  setPermissionCheckHandler: vi.fn<Session['setPermissionCheckHandler']>(),
  setDevicePermissionHandler: vi.fn<Session['setDevicePermissionHandler']>(),
  setDisplayMediaRequestHandler: vi.fn<Session['setDisplayMediaRequestHandler']>(),
  setBluetoothPairingHandler: vi.fn<Session['setBluetoothPairingHandler']>(),
  on: vi.fn(),
})

test.each(['will-navigate', 'will-redirect', 'will-attach-webview'])('%s is prevented', (name) => {
  const { contents, listeners } = recordContents()
  const preventDefault = vi.fn()
  lockContents(contents, { shell: { openExternal: vi.fn() }, sites })

  listeners.get(name)?.({ preventDefault })

  expect(preventDefault).toHaveBeenCalledOnce()
})

test('every page that is ever made is locked', () => {
  const { contents, setWindowOpenHandler } = recordContents()
  const on = vi.fn()
  lockAllContents({ on }, { shell: { openExternal: vi.fn() }, sites })

  const [name, listener] = on.mock.calls[0] as [string, (event: object, made: LockedContents) => void]
  listener({}, contents)

  expect(name).toBe('web-contents-created')
  expect(setWindowOpenHandler).toHaveBeenCalledOnce()
})

test.each([
  ['https://help.example/receipts', 1],
  ['https://evil.example/', 0],
  ['http://help.example/', 0],
  ['file:///etc/passwd', 0],
  ['javascript:alert(1)', 0],
])('a link to %s opens no window, and the browser %i times', (url, times) => {
  const { contents, setWindowOpenHandler } = recordContents()
  const openExternal = vi.fn()
  lockContents(contents, { shell: { openExternal }, sites })

  const open = setWindowOpenHandler.mock.calls[0]?.[0] as (details: { url: string }) => unknown
  const answer = open({ url })

  expect(answer).toEqual({ action: 'deny' })
  expect(openExternal).toHaveBeenCalledTimes(times)
})

test.each([
  'https://help.example:8443/',
  'https://help.example@evil.example/',
  'https://user:password@help.example/',
  'https://help.example.evil.example/',
  'https://evil.example/?https://help.example/',
  'HTTPS:help.example.',
  'ms-settings:privacy',
  'smb://help.example/share',
  '',
  'help.example',
])('the link %j is not one of ours', (url) => {
  expect(isAllowedSite(url, sites)).toBe(false)
})

test.each([
  'media',
  'geolocation',
  'notifications',
  'midiSysex',
  'clipboard-read',
  'openExternal',
  'fullscreen',
  'usb',
])('the permission %s is denied when it is asked for and when it is checked', (permission) => {
  const session = recordSession()
  lockSession(session)
  const answer = vi.fn()

  const request = session.setPermissionRequestHandler.mock.calls[0]?.[0] as (...args: unknown[]) => void
  request({}, permission, answer, {})
  const check = session.setPermissionCheckHandler.mock.calls[0]?.[0] as (...args: unknown[]) => boolean

  expect(answer).toHaveBeenCalledExactlyOnceWith(false)
  expect(check({}, permission, 'app://foyer', {})).toBe(false)
})

test('devices, screens, pairings and downloads are denied', () => {
  const session = recordSession()
  lockSession(session)
  const [screen, pairing, preventDefault] = [vi.fn(), vi.fn(), vi.fn()]

  const device = session.setDevicePermissionHandler.mock.calls[0]?.[0] as (details: object) => boolean
  const display = session.setDisplayMediaRequestHandler.mock.calls[0]?.[0] as (...args: unknown[]) => void
  const bluetooth = session.setBluetoothPairingHandler.mock.calls[0]?.[0] as (...args: unknown[]) => void
  const [name, download] = session.on.mock.calls[0] as [string, (event: object) => void]
  display({}, screen)
  bluetooth({}, pairing)
  download({ preventDefault })

  expect(device({ deviceType: 'hid' })).toBe(false)
  expect(screen).toHaveBeenCalledExactlyOnceWith(null)
  expect(pairing).toHaveBeenCalledExactlyOnceWith({ confirmed: false })
  expect(name).toBe('will-download')
  expect(preventDefault).toHaveBeenCalledOnce()
})
