import { randomUUID } from 'node:crypto'
import { NoResultError } from 'kysely'
import type { Logger } from 'pino'
import { DomainError } from '../../src-shared/errors.ts'
import { isBadData, isOutage, sqlState } from '../db/errors.ts'
import { stackOf } from '../routes/errors.ts'

/**
 * What a command's failure means for its mutation. A refusal is an outcome: what the domain foresaw, what broke a rule of
 * the database, and a bug of ours too, which must not hold back the device's other work (FAULTS S6). Undefined when the
 * mutation has nothing to do with it: the database is away, or two transactions met, and it is tried again.
 */
export const toRefusal = (error: unknown, log: Logger): DomainError | undefined => {
  if (error instanceof DomainError) return error
  if (isBadData(error)) return dataRefusal(error)
  if (sqlState(error) === '42501') return new DomainError('forbidden', 'This belongs to another facility.')
  if (error instanceof NoResultError) return new DomainError('not_found', 'What this is about does not exist here.')
  // Any other is a bug of ours, and would be the same at every try.
  if (isOutage(error)) return undefined
  const errorId = randomUUID()
  const fault = error instanceof Error ? { name: error.name, code: sqlState(error), stack: stackOf(error) } : {}
  log.error({ error_id: errorId, ...fault }, 'a command failed unexpectedly')
  return new DomainError('unexpected', 'The server could not carry this out because of a fault.', { error_id: errorId })
}

const dataRefusal = (error: unknown): DomainError => {
  const state = sqlState(error) ?? ''
  const constraint = textOf(error, 'constraint')
  const table = textOf(error, 'table')
  if (state === '23505' && constraint === 'receipts_number_once') {
    return new DomainError('receipt_number_taken', 'This receipt number exists already.')
  }
  if (state.startsWith('22')) {
    return new DomainError('bad_text', 'A value cannot be stored.', { sql_state: state })
  }
  return new DomainError('constraint', 'A rule of the database does not allow this.', {
    sql_state: state,
    constraint,
    table,
  })
}

const textOf = (error: unknown, key: 'constraint' | 'table'): string | null => {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, key) : undefined
  return typeof value === 'string' ? value : null
}
