import { type KyselyPlugin, RawNode, type RootOperationNode, SelectModifierNode, SelectQueryNode, sql } from 'kysely'
import { andCommit } from './pipelined-pool.ts'

/** A transaction's one statement takes COMMIT along, so that all of it is one packet and one round trip. */
export const commitsAlong: KyselyPlugin = {
  transformQuery: ({ node }): RootOperationNode => {
    if (SelectQueryNode.is(node)) {
      const along = SelectModifierNode.createWithExpression(sql.raw(andCommit).toOperationNode())
      return { ...node, endModifiers: [...(node.endModifiers ?? []), along] }
    }
    if (!RawNode.is(node)) throw new Error('Only a SELECT is read with')
    const [last = '', ...others] = node.sqlFragments.toReversed()
    return { ...node, sqlFragments: [...others.toReversed(), last + andCommit] }
  },
  transformResult: async ({ result }) => result,
}
