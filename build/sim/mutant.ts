import type { Plan } from './plan.ts'

interface Change {
  readonly file: string
  /** Text that is there once, and what stands there instead. */
  readonly changes: readonly (readonly [from: string, to: string])[]
}

/** One safety line of the product taken away, and the faults under which it should be missed. */
export interface Mutant extends Change {
  readonly name: string
  /** Another line that would do alone. */
  readonly also?: Change
  readonly plan: Partial<Plan>
}

export const changesOf = ({ file, changes, also }: Mutant): readonly Change[] => [
  { file, changes },
  ...(also ? [also] : []),
]
