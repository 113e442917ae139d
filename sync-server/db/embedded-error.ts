/** The embedded PostgreSQL cannot be used. The message is one sentence that says what to do, then log lines if any. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
}
