import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { securityHeaders } from './security-headers.ts'
import { ShellError } from './shell-error.ts'

interface WindowFile {
  readonly body: Buffer
  readonly type: string
}

/** The window's files by URL path. Read once: what is not in here does not exist, so no path can lead elsewhere. */
export type WindowFiles = ReadonlyMap<string, WindowFile>

export interface WindowAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const page = '/index.html'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.webmanifest': 'application/manifest+json',
}

/** Reads the built window. Throws ShellError if it was never built. */
export const readWindowFiles = async (folder: string): Promise<WindowFiles> => {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  const files = new Map<string, WindowFile>()
  for (const entry of entries) {
    const type = types[extname(entry.name)]
    if (!entry.isFile() || !type) continue
    const path = join(entry.parentPath, entry.name)
    const urlPath = path.slice(folder.length).replaceAll('\\', '/')
    files.set(urlPath.startsWith('/') ? urlPath : `/${urlPath}`, { body: await readFile(path), type })
  }
  if (files.has(page)) return files
  throw new ShellError(`The window is not built: ${join(folder, 'index.html')} is missing. Run \`npm run build\`.`)
}

/**
 * The answer to a request for one of the window's files. `path` is taken as it came, never decoded or joined;
 * `connect` is where the window may connect to, in words of the content security policy.
 */
export const answerFile = (files: WindowFiles, path: string, connect: string): WindowAnswer => {
  const headers = securityHeaders(connect)
  const name = path === '/' ? page : path
  const file = files.get(name)
  if (!file) return { status: 404, headers: { ...headers, ...plainText }, body: Buffer.from('Not found.\n') }
  return {
    status: 200,
    headers: { ...headers, 'Content-Type': file.type, 'Cache-Control': cacheControl(name) },
    body: file.body,
  }
}

export const plainText = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' } as const

// Vite puts a hash of the content into the names below /assets/.
const cacheControl = (path: string): string =>
  path.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-store'
