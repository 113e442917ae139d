import type { Plan } from './plan.ts'

/** One safety line of the product taken away, and the faults under which it should be missed. */
export interface Mutant {
  readonly name: string
  readonly file: string
  /** Text that is there once, and what stands there instead. */
  readonly changes: readonly (readonly [from: string, to: string])[]
  readonly plan: Partial<Plan>
}
