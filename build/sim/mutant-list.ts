import type { Mutant } from './mutant.ts'
import { deskMutants } from './mutants-desk.ts'
import { serverMutants } from './mutants-server.ts'

/** Every line without which a promise is broken. */
export const mutants: readonly Mutant[] = [...deskMutants, ...serverMutants]
