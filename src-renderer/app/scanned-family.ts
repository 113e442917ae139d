import { create } from 'zustand'

interface ScannedFamilyStore {
  /** The family whose card was scanned last; `scan` counts, since a card can be scanned twice. */
  readonly scanned: { readonly familyId: string; readonly scan: number } | undefined
  readonly show: (familyId: string) => void
  readonly forget: () => void
}

/** Hands a scanned card from wherever it was scanned to the counter. */
export const useScannedFamily = create<ScannedFamilyStore>()((set, get) => ({
  scanned: undefined,
  show: (familyId) => set({ scanned: { familyId, scan: (get().scanned?.scan ?? 0) + 1 } }),
  forget: () => set({ scanned: undefined }),
}))
