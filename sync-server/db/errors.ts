/** The five letters in which PostgreSQL says what went wrong, if the error came from PostgreSQL. */
export const sqlState = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && sqlStates.test(error.code)
    ? error.code
    : undefined

/** Each has a digit, which EPIPE has not. */
const sqlStates = /^(?=.*\d)[0-9A-Z]{5}$/

/** Two transactions were in each other's way, or the schema changed below one; running it again will do. */
export const isConflict = (error: unknown): boolean => {
  const state = sqlState(error)
  return state === '40001' || state === '40P01' || isStalePlan(error)
}

/** The schema changed under a prepared statement: prepared anew, it works. */
export const isStalePlan = (error: unknown): boolean =>
  sqlState(error) === '0A000' && error instanceof Error && error.message.startsWith('cached plan must not change')

/** What was sent broke a rule of the database (23) or has a value that it cannot hold (22). */
export const isBadData = (error: unknown): boolean => /^2[23]/.test(sqlState(error) ?? '')

/**
 * The database is not there, lets nobody in, is full, can only be read, or did not come to it. Of SQLSTATE's classes those that
 * say nothing of the statement itself: connection (08), transaction state (25), a prepared statement that a pooler does not know
 * (26), login (28, 3D), rollback (40), resources (53), locks (55), shutdown (57), system and internal errors (58, XX). And what
 * sockets and the pool say.
 */
export const isOutage = (error: unknown): boolean => {
  const state = sqlState(error)
  if (state !== undefined) return /^(08|25|26|28|3D|40|53|55|57|58|XX)/.test(state) || isStalePlan(error)
  if (!(error instanceof Error)) return false
  if ('code' in error && typeof error.code === 'string') return socketCodes.has(error.code)
  return saidOfConnections.test(error.message)
}

const saidOfConnections =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/

/** Of sockets, of what they are made of, and of streams that ended below a statement. */
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'EPROTO',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
])
