import { create } from 'zustand'

/** What the payment sheet shows; it can be asked for from any screen. */
export type PaymentView =
  | { readonly kind: 'pay'; readonly familyId: string }
  | { readonly kind: 'history'; readonly familyId: string }
  | { readonly kind: 'receipt'; readonly familyId: string; readonly receiptId: string; readonly isNew: boolean }

interface PaymentSheetStore {
  readonly view: PaymentView | undefined
  readonly show: (view: PaymentView) => void
  readonly close: () => void
}

export const usePaymentSheet = create<PaymentSheetStore>()((set) => ({
  view: undefined,
  show: (view) => set({ view }),
  close: () => set({ view: undefined }),
}))
