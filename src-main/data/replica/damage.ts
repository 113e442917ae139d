import { DomainError } from '../../../src-shared/errors.ts'
import { isDamage } from '../sqlite.ts'

/** Whether a page of the shown replica could not be read (FAULTS D7). */
export interface Damage {
  readonly isFound: () => boolean
  readonly tell: () => void
  /** Another replica is shown. */
  readonly forget: () => void
  /** An error as the person gets it; damage is told. */
  readonly explained: (error: unknown) => unknown
}

/** `onDamage` may be called often. */
export const damageOf = (onDamage: () => void): Damage => {
  let isFound = false
  const tell = (): void => {
    isFound = true
    onDamage()
  }
  return {
    isFound: () => isFound,
    tell,
    forget: () => {
      isFound = false
    },
    explained: (error) => {
      if (!isDamage(error)) return error
      tell()
      return Object.assign(
        new DomainError('database_unreadable', 'A part of the data on this computer is damaged; it is fetched again.', {
          renewing: true,
        }),
        { cause: error },
      )
    },
  }
}
