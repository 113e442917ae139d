import type { KyselyPlugin, OperationNode, PluginTransformQueryArgs, RootOperationNode } from 'kysely'

const isNode = (value: unknown): value is OperationNode =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'

const collect = (value: unknown, tables: Set<string>): void => {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, tables)
    return
  }
  if (!isNode(value)) return
  if (value.kind === 'TableNode') {
    const { table } = value as unknown as { readonly table: { readonly identifier: { readonly name: string } } }
    tables.add(table.identifier.name)
    return
  }
  for (const child of Object.values(value)) collect(child, tables)
}

/** Notes the tables of every statement that runs through it: what a live query depends on. */
export const tableRecorder = (): KyselyPlugin & { readonly tables: ReadonlySet<string> } => {
  const tables = new Set<string>()
  return {
    tables,
    transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
      collect(node, tables)
      return node
    },
    transformResult: ({ result }) => Promise.resolve(result),
  }
}
