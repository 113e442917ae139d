import { DomainError } from '../../src-shared/errors.ts'
import { withReserve } from './disk-reserve.ts'
import { Store, type StoreParts } from './store.ts'

/**
 * Opens the store, to be read only where the disk cannot be written: then over a copy of the databases in a borrowed place,
 * which takes what the server sends and is forgotten in the end (FAULTS D6). Throws as `Store.open` where nothing can be
 * borrowed.
 */
export const openStore = async (parts: StoreParts): Promise<Store> => {
  try {
    // What the replica had no room for is run again at the start: without it less would be shown than is saved (SPEC R1).
    return await withReserve(parts.environment.reserve, () => Store.open(parts))
  } catch (error) {
    const place = isReadOnly(error) ? parts.environment.borrow?.(parts.folder) : undefined
    if (place === undefined) throw error
    return Store.open({ ...parts, folder: place, isReadOnly: true })
  }
}

/** A disk that fails in another way may be well again at the next try. */
const isReadOnly = (error: unknown): boolean =>
  error instanceof DomainError &&
  error.code === 'disk_failing' &&
  /^(SQLITE_(READONLY|CANTOPEN)|EROFS|EACCES|EPERM)/.test(codeOf(error.cause))

const codeOf = (cause: unknown): string => (cause instanceof Error && 'code' in cause ? String(cause.code) : '')
