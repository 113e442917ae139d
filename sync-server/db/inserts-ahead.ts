import { InsertQueryNode, type KyselyPlugin, type RootOperationNode, sql } from 'kysely'
import { ahead } from './pipelined-pool.ts'

/**
 * Nobody waits for an INSERT that gives nothing back: while PostgreSQL checks its keys and runs its triggers, the next
 * statement is put together. Only for work that is undone as a whole whichever statement of it fails, and that asks no INSERT how many
 * rows it made.
 */
export const insertsAhead: KyselyPlugin = {
  transformQuery: ({ node }): RootOperationNode =>
    InsertQueryNode.is(node) && !node.returning && !node.onConflict
      ? { ...node, endModifiers: [...(node.endModifiers ?? []), sql.raw(ahead).toOperationNode()] }
      : node,
  transformResult: async ({ result }) => result,
}
