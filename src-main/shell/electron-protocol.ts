import type { Protocol } from 'electron'
import { answerFile, type WindowFiles } from './window-files.ts'

const appScheme = 'app'
export const appOrigin = 'app://foyer'

/** Before the app is ready, and once. */
export const registerAppScheme = (protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>): void => {
  protocol.registerSchemesAsPrivileged([
    { scheme: appScheme, privileges: { standard: true, secure: true, codeCache: true } },
  ])
}

/** PDFs that wait for the printer, by URL path. They never touch the disk. */
export type PrintPages = ReadonlyMap<string, Uint8Array>

/** Serves the window's files under app://foyer/, and nothing under any other host. */
export const serveAppFiles = (protocol: Pick<Protocol, 'handle'>, files: WindowFiles): void => {
  protocol.handle(appScheme, (request) => {
    const path = pathOf(request)
    const { status, headers, body } = answerFile(files, path ?? '', "'none'")
    return new Response(new Uint8Array(body), { status, headers })
  })
}

/** Serves the PDFs that are being printed, to the printing session alone. */
export const servePrintPages = (protocol: Pick<Protocol, 'handle'>, pages: PrintPages): void => {
  protocol.handle(appScheme, (request) => {
    const page = pages.get(pathOf(request) ?? '')
    const headers = {
      'Content-Type': 'application/pdf',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    }
    return page ? new Response(new Uint8Array(page), { headers }) : new Response(null, { status: 404 })
  })
}

// As it came: nothing is decoded, so nothing can turn into another path.
const pathOf = ({ method, url }: { readonly method: string; readonly url: string }): string | undefined => {
  const parsed = URL.parse(url)
  const isOurs = parsed?.protocol === `${appScheme}:` && parsed.host === 'foyer'
  return isOurs && method === 'GET' ? parsed.pathname : undefined
}
