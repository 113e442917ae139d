import { type SelectQueryBuilder, sql } from 'kysely'
import { answeredLater, type Later } from './pipelined-pool.ts'

/**
 * Sends a SELECT in one packet with the next statement of its transaction, which saves a round trip. What it gives back
 * waits for the rows.
 */
export const later = async <D, T extends keyof D, R>(
  query: SelectQueryBuilder<D, T, R>,
): Promise<() => Promise<readonly R[]>> => {
  const [stands] = await query.modifyEnd(sql.raw(answeredLater)).execute()
  // What the connection puts in place of rows.
  const { rows } = stands as unknown as Later<R>
  return () => rows
}
