import { randomUUID } from 'node:crypto'
import type { BrowserWindow, WebContentsPrintOptions } from 'electron'
import { appOrigin } from './electron-protocol.ts'
import type { PrintRequest } from './shell.ts'

export type PrintWindow = Pick<BrowserWindow, 'loadURL' | 'destroy' | 'show'> & {
  readonly webContents: Pick<BrowserWindow['webContents'], 'print' | 'getPrintersAsync'>
}

export interface PrinterParts {
  /** The session that serves them is the printing one. */
  readonly pages: Map<string, Uint8Array>
  /** A hidden window that can show PDFs. */
  readonly openPrintWindow: () => PrintWindow
}

/**
 * Sends a PDF to the printer without a dialog (Electron prints PDFs silently since 35.7). Without a printer, or when
 * it refuses, the PDF is shown in a window of its own and the answer is false.
 */
export const printSilently = async (
  { pages, openPrintWindow }: PrinterParts,
  request: PrintRequest,
): Promise<boolean> => {
  const path = `/print/${randomUUID()}.pdf`
  const window = openPrintWindow()
  pages.set(path, request.pdf)
  try {
    await window.loadURL(`${appOrigin}${path}`)
    const printers = await window.webContents.getPrintersAsync()
    const printed = printers.length > 0 && (await print(window, optionsFor(request.paper)))
    if (printed) window.destroy()
    else window.show()
    return printed
  } catch (error) {
    window.destroy()
    throw error
  } finally {
    pages.delete(path)
  }
}

const print = async (window: PrintWindow, options: WebContentsPrintOptions): Promise<boolean> =>
  new Promise((resolve) => {
    window.webContents.print(options, (success) => resolve(success))
  })

// A roll has the length of what is printed, which only the printer's own page size knows.
const optionsFor = (paper: PrintRequest['paper']): WebContentsPrintOptions =>
  paper === 'a4'
    ? { silent: true, printBackground: true, pageSize: 'A4' }
    : { silent: true, printBackground: true, usePrinterDefaultPageSize: true, margins: { marginType: 'none' } }
