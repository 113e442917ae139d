import { randomBytes } from 'node:crypto'
import { browserAccess } from './browser-access.ts'
import { browserBridge, type BrowserBridge } from './browser-bridge.ts'
import { listen, serveWindow } from './browser-server.ts'
import { forkDataChild } from './data-child.ts'
import { removeRunning, startUrl, writeRunning } from './running-file.ts'
import { readSecretFile } from './secret-file.ts'
import type { Shell } from './shell.ts'
import { readWindowFiles } from './window-files.ts'

export interface BrowserShellOptions {
  readonly profileFolder: string
  /** Where the built window is. */
  readonly windowFolder: string
  /** The entry of the data process. */
  readonly dataFile: string
  readonly port: number | undefined
  /** The window can be opened now. Each call of `newUrl` gives a URL that opens it once. */
  readonly onReady: (newUrl: () => string) => void
}

/** The shell for a browser on this machine. Throws ShellError when the port is taken or the window is not built. */
export const openBrowserShell = async (options: BrowserShellOptions): Promise<Shell> => {
  const { profileFolder } = options
  const files = await readWindowFiles(options.windowFolder)
  const { server, port } = await listen(options.port)
  const startKey = randomBytes(32).toString('base64url')
  let bridge: BrowserBridge | undefined

  return {
    readSecret: () => readSecretFile(profileFolder),
    startDataChild: () => forkDataChild(options.dataFile),
    serve: async (call) => {
      const opened = browserBridge(call)
      bridge = opened
      serveWindow(server, { files, access: browserAccess(startKey, port), port, onBridge: opened.accept })
      writeRunning(profileFolder, { pid: process.pid, port, start_key: startKey })
    },
    openWindow: async () => options.onReady(() => startUrl({ port, start_key: startKey })),
    push: (push) => bridge?.push(push),
    // The window gets the PDF with the answer and shows it.
    print: async () => false,
    checkForUpdates: () => undefined,
    close: async () => {
      removeRunning(profileFolder)
      bridge?.close()
      server.close()
      server.closeAllConnections()
    },
  }
}
