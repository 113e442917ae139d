import { busy } from '../../build/sim/mutant-plans.ts'
import type { Plan } from '../../build/sim/plan.ts'

/** A seed that once found a fault, which was mended since. */
export interface KnownSeed {
  readonly seed: number
  readonly operations: number
  /** In place of what the seed draws. */
  readonly plan?: Partial<Plan>
  /** What it found. */
  readonly found: string
}

/** What a seed does changes when the simulator draws something new: then it is one more seed among others. */
export const knownSeeds: readonly KnownSeed[] = [
  { seed: 1, operations: 60, found: 'a line that died half open was noticed too late to drain in 30 s (I8, N5)' },
  { seed: 5, operations: 60, found: 'a clock that was years behind made the sent log forget at once (T1, S5)' },
  { seed: 8, operations: 60, found: 'an answer to another batch was taken for its own (N8)' },
  {
    seed: 9,
    operations: 200,
    found: 'a full disk in a rerun was kept as a refusal, and the write went from sight (D4, I5)',
  },
  {
    seed: 971132217,
    operations: 50,
    found: 'a disk that failed while a new replica was finished left it half installed for ever (D5, I8)',
  },
  {
    seed: 8,
    operations: 60,
    plan: { ...busy, deviceFalls: 8000, once: ['copy a computer'] },
    found: 'a payment whose number the copy of its computer had used was never sent after a restart (U5, D15)',
  },
  {
    seed: 11,
    operations: 50,
    plan: { ...busy, once: ['copy a computer', 'restore the server'] },
    found:
      'a copied computer and a restored server: numbers of the one hid what only the other was told is done (D15, S5)',
  },
  {
    seed: 305673119,
    operations: 50,
    found: 'a commit that failed and took effect left triggers that could not be installed again (D5, I8)',
  },
  {
    seed: 48818493,
    operations: 200,
    found: 'a power cut took the end of a carry-over, and a first sync filled what was half there (F8, I5)',
  },
]
