/** What was typed for one family and not committed. It survives closing the sheet. */
export interface PaymentDraft {
  /** As typed; undefined is what is due. */
  readonly amount: string | undefined
  readonly methodId: string | undefined
  /** As typed; undefined is exactly the amount. */
  readonly tendered: string | undefined
  readonly reference: string
}

export const emptyDraft: PaymentDraft = { amount: undefined, methodId: undefined, tendered: undefined, reference: '' }
