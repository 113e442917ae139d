import { aroundChecks } from './around.ts'
import type { Check } from './check.ts'
import { errorChecks } from './errors.ts'
import { expiryChecks } from './expiry.ts'
import { liveChecks } from './live.ts'
import { officialChecks } from './official.ts'
import { readingChecks } from './reading.ts'

/** Every rule and trap of the shape protocol that can be looked at from outside. What disturbs others comes last. */
export const allChecks: readonly Check[] = [
  ...readingChecks,
  ...liveChecks,
  ...expiryChecks,
  ...aroundChecks,
  ...officialChecks,
  ...errorChecks,
]
