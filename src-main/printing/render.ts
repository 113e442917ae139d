import pdfmake from 'pdfmake'
import type { TDocumentDefinitions } from 'pdfmake/interfaces.js'
import { findFontFolder, fontFiles } from './fonts.ts'

/** Renders a document to PDF. It reads the bundled fonts and nothing else, neither from the disk nor from the network. */
export const renderPdf = async (definition: TDocumentDefinitions): Promise<Uint8Array> => {
  const folder = findFontFolder(import.meta.dirname)
  pdfmake.setFonts(fontFiles(folder))
  pdfmake.setUrlAccessPolicy(() => false)
  pdfmake.setLocalAccessPolicy((path) => path.startsWith(folder))
  return pdfmake.createPdf(definition).getBuffer()
}
