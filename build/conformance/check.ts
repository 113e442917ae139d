import type { Target } from './target.ts'

export interface Check {
  /** Never used again for another rule. */
  readonly id: string
  /** What must be so, in words. */
  readonly rule: string
  /** Throws what is wrong, or `Skipped`. */
  readonly run: (target: Target) => Promise<void>
}

export interface Result {
  readonly id: string
  readonly rule: string
  readonly outcome: 'ok' | 'FAILED' | 'skipped'
  /** What is wrong, or why it was skipped. */
  readonly why: string
}

/** The rule cannot be looked at here, or is one that a server may leave out. */
export class Skipped extends Error {}

/** Throws with these words unless it is so. */
export function must(isSo: boolean, words: string): asserts isSo {
  if (!isSo) throw new Error(words)
}

export const mustBe = (found: unknown, wanted: unknown, what: string): void =>
  must(Object.is(found, wanted), `${what} is ${shown(found)}, not ${shown(wanted)}`)

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'missing').slice(0, 200)

/** What the target can do, or `Skipped`. */
export const needed = <T>(hook: T | undefined, option: string): T => {
  if (hook === undefined) throw new Skipped(`needs ${option}`)
  return hook
}

/** One after the other, as each leaves the shape as it likes. */
export const runChecks = async (
  checks: readonly Check[],
  target: Target,
  onResult: (result: Result) => void = () => undefined,
): Promise<readonly Result[]> => {
  const results: Result[] = []
  for (const { id, rule, run } of checks) {
    const result = { id, rule, ...(await outcomeOf(run(target))) }
    results.push(result)
    onResult(result)
  }
  return results
}

const outcomeOf = async (running: Promise<void>): Promise<Pick<Result, 'outcome' | 'why'>> => {
  try {
    await running
    return { outcome: 'ok', why: '' }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { outcome: error instanceof Skipped ? 'skipped' : 'FAILED', why }
  }
}
