import type { Clock } from '../environment.ts'

/** An answer of the server, and when this computer's clock says that it was asked for and came: epoch ms. */
export interface Answered {
  readonly askedMs: number
  readonly cameMs: number
  /** Its `Date` header: when the server began to answer, also where it has held the request before. */
  readonly date: string | null
}

/**
 * As long as no answer takes while the clock runs as it should: what is held comes after 20 s, and silence is given up after 24.
 * Beyond it the clock was set meanwhile, or the computer has slept.
 */
const longestMs = 25_000

/**
 * Nobody is told of less: it changes no time on a roll or a receipt that anybody would notice, and answers that were long on
 * their way, a second that was cut off and a clock that is set once a week stay far below.
 */
const toleranceSeconds = 120

/** Two measurements of one clock differ by less: one may come at once, and the next as late as an answer can. */
const sameSeconds = 30

/**
 * How far this computer's clock is ahead of the server's, in whole seconds; less than 0 behind it, 0 as good as right. What was
 * known `before` stays where the answer tells nothing, or nothing new, so that what people read does not flicker.
 */
export const secondsAhead = ({ askedMs, cameMs, date }: Answered, before: number): number => {
  const tookMs = cameMs - askedMs
  const ahead = Math.round((cameMs - Date.parse(date ?? '')) / 1000)
  if (Number.isNaN(ahead) || tookMs < 0 || tookMs > longestMs) return before
  if (before !== 0 && Math.abs(ahead - before) < sameSeconds) return before
  return Math.abs(ahead) < toleranceSeconds ? 0 : ahead
}

export interface ClockSkew {
  readonly secondsAhead: () => number
  /** A request goes out: tell what was given back of its answer's `Date`. */
  readonly ask: () => (date: string | null) => void
}

/** How often it is looked whether somebody has set the clock. */
const lookEveryMs = 60_000

/** Remembers how wrong the clock of this computer is, by the last answers (FAULTS T4). */
export const clockSkew = ({ now, after }: Clock, onChange: () => void): ClockSkew => {
  let ahead = 0
  let cancel = (): void => undefined
  /** Of a clock that was set since, perhaps without a line, what was measured says nothing any more. */
  const watch = (): void => {
    const lookedAt = now()
    cancel = after(lookEveryMs, () => {
      const isSet = Math.abs(now() - lookedAt - lookEveryMs) >= toleranceSeconds * 1000
      if (isSet) change(0)
      else if (ahead !== 0) watch()
    })
  }
  const change = (to: number): void => {
    if (to === ahead) return
    ahead = to
    cancel()
    if (ahead !== 0) watch()
    onChange()
  }
  return {
    secondsAhead: () => ahead,
    ask: () => {
      const askedMs = now()
      return (date) => change(secondsAhead({ askedMs, cameMs: now(), date }, ahead))
    },
  }
}
