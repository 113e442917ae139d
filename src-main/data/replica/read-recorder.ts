import {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  IdentifierNode,
  type KyselyPlugin,
  type OperationNode,
  OperatorNode,
  ParensNode,
  ReferenceNode,
  SelectQueryNode,
  TableNode,
  UpdateQueryNode,
  DeleteQueryNode,
  InsertQueryNode,
  ValueNode,
  type WhereNode,
} from 'kysely'

/** Stands for every row of every table. */
export const anyRow = '*'

/** The rows of a table that have these values. Without columns, all of its rows. */
export const rowsKey = (table: string, columns: readonly string[], values: readonly unknown[]): string =>
  `${table}(${columns.join()})=${JSON.stringify(values.map(String))}`

export interface ReadRecorder extends KyselyPlugin {
  /** What was asked for: at least the rows on which any answer depended, also by their absence. */
  readonly keys: ReadonlySet<string>
}

/**
 * Notes for every statement which rows it looks at, by the equalities that all of them must meet. What it does not
 * understand counts as more rows, never as fewer.
 */
export const readRecorder = (): ReadRecorder => {
  const keys = new Set<string>()
  return {
    keys,
    transformQuery({ node }) {
      note(node, keys)
      return node
    },
    transformResult: async ({ result }) => result,
  }
}

const note = (value: unknown, keys: Set<string>): void => {
  if (Array.isArray(value)) {
    for (const item of value) note(item, keys)
    return
  }
  if (!isNode(value)) return
  if (value.kind === 'RawNode') keys.add(anyRow)
  if (isQuery(value)) noteQuery(value, keys)
  if (InsertQueryNode.is(value) && value.onConflict) noteSources([value.into], undefined, keys)
  for (const child of Object.values(value)) note(child, keys)
}

const isNode = (value: unknown): value is OperationNode =>
  typeof value === 'object' && value !== null && 'kind' in value

type Query = SelectQueryNode | UpdateQueryNode | DeleteQueryNode

const isQuery = (node: OperationNode): node is Query =>
  SelectQueryNode.is(node) || UpdateQueryNode.is(node) || DeleteQueryNode.is(node)

const noteQuery = (query: Query, keys: Set<string>): void => {
  const changed = UpdateQueryNode.is(query) && query.table ? [query.table] : []
  const joined = (query.joins ?? []).map(({ table }) => table)
  noteSources([...changed, ...(query.from?.froms ?? []), ...joined], query.where, keys)
}

/** A row that does not meet the condition on its own table takes no part in the answer, whatever it is joined with. */
const noteSources = (
  sources: readonly (OperationNode | undefined)[],
  where: WhereNode | undefined,
  keys: Set<string>,
): void => {
  const equalities = equalitiesOf(where?.where)
  for (const source of sources) {
    const named = namedTable(source)
    // Another query in its place is noted by itself.
    if (!named) continue
    const own = equalities.filter(({ of }) => of === named.alias || (of === undefined && sources.length === 1))
    const byId = own.filter(({ column }) => column === 'id')
    const used = (byId.length > 0 ? byId : own).toSorted((a, b) => (a.column < b.column ? -1 : 1))
    keys.add(
      rowsKey(
        named.table,
        used.map(({ column }) => column),
        used.map(({ value }) => value),
      ),
    )
  }
}

const namedTable = (
  node: OperationNode | undefined,
): { readonly table: string; readonly alias: string } | undefined => {
  if (node && TableNode.is(node)) {
    const { name } = node.table.identifier
    return { table: name, alias: name }
  }
  if (!node || !AliasNode.is(node) || !TableNode.is(node.node)) return undefined
  const { name } = node.node.table.identifier
  return { table: name, alias: IdentifierNode.is(node.alias) ? node.alias.name : name }
}

interface Equality {
  /** The table or its alias, where it is said. */
  readonly of: string | undefined
  readonly column: string
  readonly value: unknown
}

/** What every row must meet; anything else in the condition only leaves fewer rows. */
const equalitiesOf = (node: OperationNode | undefined): readonly Equality[] => {
  if (!node) return []
  if (ParensNode.is(node)) return equalitiesOf(node.node)
  if (AndNode.is(node)) return [...equalitiesOf(node.left), ...equalitiesOf(node.right)]
  if (!BinaryOperationNode.is(node)) return []
  const { leftOperand: left, operator, rightOperand: right } = node
  if (!OperatorNode.is(operator) || operator.operator !== '=') return []
  if (!ReferenceNode.is(left) || !ColumnNode.is(left.column) || !ValueNode.is(right)) return []
  return [{ of: left.table?.table.identifier.name, column: left.column.column.name, value: right.value }]
}
