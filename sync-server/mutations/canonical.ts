import { createHash } from 'node:crypto'
import { DomainError } from '../../src-shared/errors.ts'
import { isSharedText } from '../../src-shared/schema/columns.ts'

/** How deep a body may be nested, and how many keys one object may have. */
const maxDepth = 32
const maxKeys = 1000

/**
 * Refuses a body whose form alone is an attack, before anything walks it recursively. Does not recurse itself.
 * Throws `invalid_input`.
 */
export const checkShape = (body: unknown): void => {
  let level: unknown[] = [body]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) throw new DomainError('invalid_input', `The body is nested deeper than ${maxDepth} levels.`)
    level = level.flatMap(childrenOf)
  }
}

const childrenOf = (value: unknown): unknown[] => {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'object' && item !== null)
  const children = Object.values(value)
  if (children.length > maxKeys) throw new DomainError('invalid_input', `An object has more than ${maxKeys} keys.`)
  return children.filter((item) => typeof item === 'object' && item !== null)
}

/**
 * The same value always gives the same text: JSON without blanks, keys of every object in the order of their code units
 * (RFC 8785). What PostgreSQL cannot hold is escaped by JSON itself: U+0000 and lone surrogates become \uXXXX.
 */
const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}

/** SHA-256 (hex) of the canonical form of a mutation as it was sent: the same for the same mutation, however it is spelled. */
export const hashOfMutation = (sent: unknown): string => createHash('sha256').update(canonicalJson(sent)).digest('hex')

/** Whether every text in a value, keys too, can be kept by both databases (FAULTS D17). */
export const hasSharedTextsOnly = (value: unknown): boolean => {
  if (typeof value === 'string') return isSharedText(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, item]) => isSharedText(key) && hasSharedTextsOnly(item))
}
