import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { DomainError, type ErrorCode, type ErrorData, toErrorData } from '../../src-shared/errors.ts'
import { isOutage, sqlState } from '../db/errors.ts'
import { type Answer, json } from './answer.ts'

/** The HTTP status of each refusal. A mutation's refusal is not among them: that is an outcome inside a 200. */
const statusOf: Readonly<Record<ErrorCode, number>> = {
  invalid_input: 400,
  not_found: 404,
  forbidden: 403,
  // Not 401, which tells the device that its token is over.
  wrong_password: 403,
  too_many_attempts: 429,
  needs_internet: 400,
  signed_out: 403,
  lease_expired: 403,
  lease_invalid: 403,
  unauthenticated: 401,
  device_revoked: 403,
  code_invalid: 403,
  not_enrolled: 403,
  sequence_gap: 409,
  mutation_changed: 409,
  unknown_command: 400,
  update_needed: 426,
  not_booked: 409,
  already_booked: 409,
  session_cancelled: 409,
  roll_closed: 409,
  roll_incomplete: 409,
  not_checked_in: 409,
  tendered_too_little: 409,
  reference_missing: 409,
  already_voided: 409,
  already_settled: 409,
  money_unbooked: 409,
  reason_missing: 409,
  left_as_credit: 409,
  receipt_number_taken: 409,
  constraint: 409,
  bad_text: 400,
  too_large: 413,
  position_gone: 409,
  rate_limited: 429,
  unavailable: 503,
  database_unreadable: 503,
  work_lost: 409,
  disk_full: 503,
  disk_failing: 503,
  save_unknown: 503,
  unexpected: 500,
}

/** Seconds after which a client may come again when the server could not answer. */
const retryAfterSeconds = 2

/** What a thrown value becomes: always JSON {code, message, details}, and 5xx only when the fault is ours. */
export const toErrorAnswer = (error: unknown, log: FastifyBaseLogger): Answer => {
  const data = toData(error, log)
  const status = clientStatus(error) ?? statusOf[data.code]
  const answer = json(data, status)
  const wait = data.details['retry_after_seconds'] ?? (status === 503 ? retryAfterSeconds : undefined)
  return wait === undefined ? answer : { ...answer, headers: { ...answer.headers, 'retry-after': String(wait) } }
}

const toData = (error: unknown, log: FastifyBaseLogger): ErrorData => {
  if (error instanceof DomainError) return toErrorData(error)
  const status = clientStatus(error)
  if (status !== undefined) return clientError(status, error)
  if (isOutage(error)) {
    log.warn({ sql_state: sqlState(error) }, 'the database does not answer')
    return { code: 'unavailable', message: 'The server cannot answer now. Try again soon.', details: {} }
  }
  // Only its kind and place: a message may quote what a person typed.
  const errorId = randomUUID()
  const fault = error instanceof Error ? { name: error.name, stack: stackOf(error), sql_state: sqlState(error) } : {}
  log.error({ error_id: errorId, ...fault }, 'unexpected')
  return { ...toErrorData(error), details: { error_id: errorId } }
}

/** The lines of the stack that say where, without the first, which repeats the message. */
export const stackOf = (error: Error): string | undefined =>
  error.stack
    ?.split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 8)
    .join('\n')

/** The status of what Fastify itself refused: bodies that are no JSON, too large, of another type. */
const clientStatus = (error: unknown): number | undefined => {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return undefined
  return error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : undefined
}

const clientError = (status: number, error: unknown): ErrorData => {
  const reason = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const details = { reason }
  if (status === 413) return { code: 'too_large', message: 'This is more than the server takes at once.', details }
  return { code: 'invalid_input', message: 'The request does not have the right form.', details }
}
