import type { Protocol } from 'electron'
import { expect, test, vi } from 'vitest'
import { registerAppScheme, serveAppFiles, servePrintPages } from '../../../src-main/shell/electron-protocol.ts'
import { readWindowFiles } from '../../../src-main/shell/window-files.ts'
import { traversals, windowFolder } from '../../support/shell-folders.ts'

type Handler = (request: { method: string; url: string }) => Response

const serve = async (): Promise<Handler> => {
  const handle = vi.fn<Protocol['handle']>()
  serveAppFiles({ handle }, await readWindowFiles(windowFolder()))
  const [scheme, handler] = handle.mock.calls[0] ?? []
  expect(scheme).toBe('app')
  return handler as Handler
}

const get = (url: string) => ({ method: 'GET', url })

test('the scheme is a standard, secure origin that bypasses nothing', () => {
  const registerSchemesAsPrivileged = vi.fn<Protocol['registerSchemesAsPrivileged']>()

  registerAppScheme({ registerSchemesAsPrivileged })

  expect(registerSchemesAsPrivileged).toHaveBeenCalledExactlyOnceWith([
    { scheme: 'app', privileges: { standard: true, secure: true, codeCache: true } },
  ])
})

test('the page comes with a policy under which it connects nowhere', async () => {
  const handler = await serve()

  const response = handler(get('app://foyer/'))

  expect(response.status).toBe(200)
  expect(await response.text()).toContain('<title>Foyer</title>')
  expect(response.headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
      "connect-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; " +
      "require-trusted-types-for 'script'; trusted-types 'none'",
  )
})

test.each(traversals.filter((path) => path.startsWith('/')))('app://foyer%s leads nowhere', async (path) => {
  const handler = await serve()

  const response = handler(get(`app://foyer${path}`))

  expect(response.status).toBe(404)
  expect(await response.text()).not.toContain('secret')
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
})

test.each(['app://evil/', 'app://foyer.evil/', 'app://foyer:1/', 'app:index.html', 'file:///index.html', 'nonsense'])(
  'there is nothing at %s',
  async (url) => {
    const handler = await serve()

    expect(handler(get(url)).status).toBe(404)
  },
)

test('only GET is answered', async () => {
  const handler = await serve()

  expect(handler({ method: 'POST', url: 'app://foyer/' }).status).toBe(404)
})

test('the printing session serves what is being printed and nothing else', async () => {
  const handle = vi.fn<Protocol['handle']>()
  servePrintPages({ handle }, new Map([['/print/1.pdf', Buffer.from('%PDF')]]))
  const handler = handle.mock.calls[0]?.[1] as Handler

  const found = handler(get('app://foyer/print/1.pdf'))

  expect(found.headers.get('content-type')).toBe('application/pdf')
  expect(await found.text()).toBe('%PDF')
  expect(handler(get('app://foyer/print/2.pdf')).status).toBe(404)
  expect(handler(get('app://foyer/index.html')).status).toBe(404)
})
