/** A key as the scanner sees it: what it typed and when, in milliseconds. */
export interface ScanKey {
  readonly key: string
  readonly at: number
}

export interface ScanBuffer {
  readonly text: string
  readonly lastAt: number
}

/** A scanner types a character every 1 to 20 ms; people rarely below 60. */
const maxGapMs = 35
/** Shorter bursts are people rolling their fingers over the keys. */
const minLength = 5

export const emptyScan: ScanBuffer = { text: '', lastAt: Number.NEGATIVE_INFINITY }

export type ScanStep =
  /** Not a key of a code. */
  | { readonly kind: 'other' }
  /** Presses nothing by itself: Shift, between the letters of a code. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'typing'; readonly buffer: ScanBuffer }
  | { readonly kind: 'scanned'; readonly code: string }

/** One key further: still typing, a whole card code (fast keys and Enter), or something else. */
export const stepScan = (buffer: ScanBuffer, { key, at }: ScanKey): ScanStep => {
  const isFast = at - buffer.lastAt <= maxGapMs
  if (key === 'Enter' && isFast && buffer.text.length >= minLength) return { kind: 'scanned', code: buffer.text }
  if (key === 'Shift') return { kind: 'ignored' }
  if (!isLetter(key)) return { kind: 'other' }
  return { kind: 'typing', buffer: { text: isFast ? buffer.text + key : key, lastAt: at } }
}

/** Keys that type have their letter as their name, the others words: `a`, `7`, but `Tab`. */
export const isLetter = (key: string): boolean => /^.$/u.test(key)
