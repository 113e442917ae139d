import type { Kysely } from 'kysely'
import { DomainError } from '../../../src-shared/errors.ts'
import { findQuery } from '../../../src-shared/queries/index.ts'
import type { QueryContext } from '../../../src-shared/queries/query.ts'
import { requirePermission } from '../../../src-shared/rules/access.ts'
import type { SearchDatabase } from '../../../src-shared/schema/search-index.ts'
import { tableRecorder } from './table-recorder.ts'

export interface Answer {
  readonly result: unknown
  /** The tables that were read: the query reruns when one of them changes. */
  readonly tables: readonly string[]
}

/** Runs a query by name: arguments and role are checked, no SQL text crosses IPC (reference/SECURITY.md §2). */
export const runQuery = async (
  reads: Kysely<SearchDatabase>,
  name: string,
  args: unknown,
  context: QueryContext,
): Promise<Answer> => {
  const query = findQuery(name)
  if (!query) throw new DomainError('invalid_input', 'There is no such query.', { name })
  const parsed = query.args.safeParse(args)
  if (!parsed.success) {
    throw new DomainError('invalid_input', `${name}: ${parsed.error.issues[0]?.message ?? 'wrong arguments'}`)
  }
  requirePermission(context.permissions, query.permission)
  const recorder = tableRecorder()
  const result = await query.run(reads.withPlugin(recorder), parsed.data, context)
  return { result, tables: [...recorder.tables] }
}
