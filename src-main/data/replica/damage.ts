import { DomainError } from '../../../src-shared/errors.ts'
import { diskProblem, isDamage } from '../sqlite.ts'

/** Whether a page of the shown replica could not be read (FAULTS D7). */
export interface Damage {
  readonly isFound: () => boolean
  readonly tell: () => void
  /** Another replica is shown. */
  readonly forget: () => void
  /** What can be read, or, where that is damaged, the other value; damage is told. */
  readonly reading: <T>(read: () => T, otherwise: T) => T
  /** The same for the catch of a reading that was done elsewhere, with an error that has its name already. */
  readonly unless: <T>(otherwise: T) => (error: unknown) => T
  /** An error as the person gets it; damage is told. */
  readonly explained: (error: unknown) => unknown
  /** Work whose errors of the disk are told in words. */
  readonly explaining: <T>(work: () => Promise<T>) => Promise<T>
}

/** `onDamage` may be called often. */
export const damageOf = (onDamage: () => void): Damage => {
  let isFound = false
  const tell = (): void => {
    isFound = true
    onDamage()
  }
  const explained = (error: unknown): unknown => {
    if (!isDamage(error)) return error
    tell()
    return Object.assign(
      new DomainError('database_unreadable', 'A part of the data on this computer is damaged; it is fetched again.', {
        renewing: true,
      }),
      { cause: error },
    )
  }
  return {
    isFound: () => isFound,
    tell,
    forget: () => {
      isFound = false
    },
    reading: (read, otherwise) => {
      try {
        return read()
      } catch (error) {
        if (!isDamage(error)) throw error
        tell()
        return otherwise
      }
    },
    unless: (otherwise) => (error) => {
      if (!isDamage(error) && !isUnreadable(error)) throw error
      tell()
      return otherwise
    },
    explained,
    explaining: async (work) => {
      try {
        return await work()
      } catch (error) {
        const told = explained(error)
        throw diskProblem(told) ?? told
      }
    },
  }
}

/** For what can do without: a damaged replica is being renewed. Throws any other error. */
export const whenDamaged = (error: unknown): undefined => {
  if (!isUnreadable(error)) throw error
}

const isUnreadable = (error: unknown): boolean => error instanceof DomainError && error.code === 'database_unreadable'
