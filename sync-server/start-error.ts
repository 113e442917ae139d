import { ConfigError } from './config.ts'
import { isOutage, sqlState } from './db/errors.ts'

/** Why the server cannot start, in lines for the operator. */
export class StartError extends Error {
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'StartError'
    this.lines = lines
  }
}

/** What an operator can do about a failed start; undefined for a fault of ours, which keeps its stack. */
export const explainStart = (error: unknown): readonly string[] | undefined => {
  if (error instanceof ConfigError || error instanceof StartError) return error.lines
  const state = sqlState(error) ?? ''
  const reason = error instanceof Error ? error.message : String(error)
  if (/^(28|3D)/.test(state)) return [`DATABASE_URL: PostgreSQL does not let us in (${reason}).`]
  if (codeOf(error) === 'EADDRINUSE') return [`PORT: another program listens there already (${reason}).`]
  if (codeOf(error) === 'EADDRNOTAVAIL') return [`HOST: this computer does not have that address (${reason}).`]
  if (isOutage(error)) return [`DATABASE_URL: PostgreSQL does not answer (${reason || String(codeOf(error))}).`]
  return undefined
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
