import { create } from 'zustand'

/** What the person at the counter is doing. Never rows. */
interface CounterStore {
  /** Whose doing it is: somebody else starts afresh. */
  readonly staffId: string | undefined
  readonly text: string
  /** Which result the arrows are on; -1 is none. */
  readonly index: number
  /** Enter was pressed before the answer to this text came. */
  readonly opensWhenFound: string | undefined
  readonly familyId: string | undefined
  /** Children that were ticked or unticked by hand, by place key. */
  readonly ticks: Readonly<Record<string, boolean>>
  readonly isCheckingOut: boolean

  readonly start: (staffId: string) => void
  readonly type: (text: string) => void
  readonly point: (index: number) => void
  readonly openWhenFound: () => void
  readonly open: (familyId: string) => void
  readonly close: () => void
  /** Ready for the next family. */
  readonly finish: () => void
  readonly tick: (key: string, isTicked: boolean) => void
  readonly setCheckingOut: (isCheckingOut: boolean) => void
}

const nothing = {
  text: '',
  // Nothing typed, nobody meant: a stray Enter opens nobody.
  index: -1,
  opensWhenFound: undefined,
  familyId: undefined,
  ticks: {},
  isCheckingOut: false,
} as const

export const useCounter = create<CounterStore>()((set, get) => ({
  ...nothing,
  staffId: undefined,
  start: (staffId) => {
    if (staffId !== get().staffId) set({ ...nothing, staffId })
  },
  type: (text) => set({ text, index: text.trim() === '' ? -1 : 0, opensWhenFound: undefined }),
  point: (index) => set({ index }),
  openWhenFound: () => set({ opensWhenFound: get().text }),
  open: (familyId) =>
    set({
      familyId,
      opensWhenFound: undefined,
      isCheckingOut: false,
      ...(familyId === get().familyId ? {} : { ticks: {} }),
    }),
  close: () => set({ familyId: undefined, isCheckingOut: false, ticks: {} }),
  finish: () => set(nothing),
  tick: (key, isTicked) => set({ ticks: { ...get().ticks, [key]: isTicked } }),
  setCheckingOut: (isCheckingOut) => set({ isCheckingOut }),
}))
