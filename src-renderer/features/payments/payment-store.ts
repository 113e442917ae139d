import { create } from 'zustand'
import type { paperSizes } from '../../../src-shared/contract/ipc.ts'
import { emptyDraft, type PaymentDraft } from './payment-draft.ts'

type Paper = (typeof paperSizes)[number]

interface PaymentStore {
  /** Whose drafts they are: somebody else starts afresh. */
  readonly staffId: string | undefined
  readonly drafts: Readonly<Record<string, PaymentDraft>>
  readonly voidReasons: Readonly<Record<string, string>>
  readonly paper: Paper

  readonly start: (staffId: string) => void
  readonly edit: (familyId: string, change: Partial<PaymentDraft>) => void
  readonly forget: (familyId: string) => void
  readonly setVoidReason: (paymentId: string, reason: string) => void
  readonly setPaper: (paper: Paper) => void
}

const paperKey = 'foyer.receipt-paper'

export const usePayments = create<PaymentStore>()((set, get) => ({
  staffId: undefined,
  drafts: {},
  voidReasons: {},
  paper: localStorage.getItem(paperKey) === 'a4' ? 'a4' : '80mm',
  start: (staffId) => {
    if (staffId !== get().staffId) set({ staffId, drafts: {}, voidReasons: {} })
  },
  edit: (familyId, change) => {
    const draft = get().drafts[familyId] ?? emptyDraft
    set({ drafts: { ...get().drafts, [familyId]: { ...draft, ...change } } })
  },
  forget: (familyId) => set({ drafts: { ...get().drafts, [familyId]: emptyDraft } }),
  setVoidReason: (paymentId, reason) => set({ voidReasons: { ...get().voidReasons, [paymentId]: reason } }),
  setPaper: (paper) => {
    localStorage.setItem(paperKey, paper)
    set({ paper })
  },
}))
