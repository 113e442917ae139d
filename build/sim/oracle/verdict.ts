import type { History } from '../history.ts'

/** What was promised and is not so. */
export interface Violation {
  readonly invariant: string
  readonly message: string
}

/** Collects what the oracle finds, and counts how often it looked. */
export interface Verdict {
  /** One check of this invariant. Answers whether it held. */
  readonly check: (invariant: string, isSo: boolean, message: () => string) => boolean
  readonly violations: () => readonly Violation[]
}

export const createVerdict = (history: History): Verdict => {
  const violations: Violation[] = []
  return {
    check(invariant, isSo, message) {
      history.count(`check ${invariant}`)
      if (isSo) return true
      const violation = { invariant, message: message() }
      violations.push(violation)
      history.note('ORACLE', `${invariant}: ${violation.message}`)
      return false
    },
    violations: () => violations,
  }
}
