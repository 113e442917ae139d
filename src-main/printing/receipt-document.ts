import type { TDocumentDefinitions } from 'pdfmake/interfaces.js'
import type { ReceiptContent } from '../../src-shared/rules/receipt.ts'
import { a4Receipt } from './receipt-a4.ts'
import { slipReceipt } from './receipt-slip.ts'
import { copyNotice, receiptTitle, voidNotice, type VoidNote } from './receipt-words.ts'

export interface ReceiptOptions {
  readonly paper: 'a4' | '80mm'
  /** A reprint: it says COPY, so that nobody takes it for a second payment. */
  readonly copy: boolean
  readonly void: VoidNote | null
}

/**
 * A receipt as a document. Everything comes from its content as it was first printed; amounts and dates are written in
 * the facility's locale and time zone.
 */
export const receiptDocument = (content: ReceiptContent, options: ReceiptOptions): TDocumentDefinitions => {
  const notices = [...(options.void ? [voidNotice(options.void, content)] : []), ...(options.copy ? [copyNotice] : [])]
  return {
    ...(options.paper === 'a4' ? a4Receipt(content, notices) : slipReceipt(content, notices)),
    info: { title: `${receiptTitle(content)} ${content.label}`, author: content.seller.name },
    language: content.locale,
  }
}
