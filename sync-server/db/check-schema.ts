import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Column } from '../../src-shared/schema/columns.ts'
import type { Scope, Table } from '../../src-shared/schema/table.ts'
import { serverTables, syncedTables } from '../../src-shared/schema/tables.ts'
import type { PostgresDatabase } from './postgres.ts'
import { type ColumnFacts, readSchemaFacts, type TableFacts } from './schema-facts.ts'

/** How `format_type` writes the types of the definitions. Instants have milliseconds, like everywhere in Foyer. */
const typeNames: Readonly<Record<string, string>> = {
  uuid: 'uuid',
  text: 'text',
  int4: 'integer',
  timestamptz: 'timestamp(3) with time zone',
  date: 'date',
  time: 'time without time zone',
}

/** What makes the rows of a followed table appear in the facility log. */
const stageTriggers = ['sync_stage_insert', 'sync_stage_update', 'sync_stage_delete', 'sync_refuse_truncate']
const moveTriggers = ['sync_before', 'sync_ending', 'sync_move_insert', 'sync_move_update', 'sync_move_delete']
const otherTriggers: Readonly<Record<string, readonly string[]>> = {
  sync_pending: ['sync_publish'],
  family_facilities: moveTriggers,
  family_students: moveTriggers,
  facilities: ['sync_before', 'sync_keep', 'sync_move_insert'],
}

const definitions: readonly Table[] = [...Object.values(syncedTables), ...Object.values(serverTables)]

interface Comparison {
  readonly tables?: readonly Table[]
  /** A newer program has expanded the database already: what it added is no difference where rows can do without it. */
  readonly mayHaveMore?: boolean
}

/**
 * Compares a live database with the definitions and returns every difference in words; none is as it must be.
 * Used by a test on a database made of the migrations, and by the server when it starts.
 */
export const checkSchema = async (
  db: Kysely<PostgresDatabase>,
  { tables = definitions, mayHaveMore = false }: Comparison = {},
): Promise<readonly string[]> => {
  const facts = await readSchemaFacts(db)
  const isDefined = (name: string): boolean => tables.some((table) => table.name === name)
  return [
    ...tables.flatMap((table) => {
      const live = facts.get(table.name)
      if (!live) return [`The table ${table.name} is missing`]
      return [...differencesOf(table, live), ...additionsTo(table, live, mayHaveMore)]
    }),
    ...[...facts.values()]
      .filter(({ name, followed }) => followed && !isDefined(name) && !mayHaveMore)
      .map(({ name }) => `${name} is followed, but has no definition`),
    ...Object.entries(otherTriggers).flatMap(([name, wanted]) => missingTriggers(name, wanted, facts.get(name))),
  ]
}

const differencesOf = (table: Table, live: TableFacts): readonly string[] => [
  ...Object.entries(table.columns).flatMap(([name, column]) => {
    const found = live.columns.find((facts) => facts.name === name)
    const place = `${table.name}.${name}`
    if (!found) return [`${place} is missing`]
    return [
      ...columnDifferences(place, column, found),
      ...keyDifferences(name, column, live),
      ...valueDifferences(name, column, live),
    ]
  }),
  ...(live.primaryKey.join() === 'id'
    ? []
    : [`The primary key of ${table.name} is (${live.primaryKey.join()}), not (id)`]),
  ...(live.isSecured ? [] : [`${table.name} has no forced row-level security`]),
  ...followDifferences(table, live),
]

const additionsTo = (table: Table, live: TableFacts, mayHaveMore: boolean): readonly string[] =>
  live.columns
    .filter(({ name }) => !Object.hasOwn(table.columns, name))
    .filter(({ is_nullable, has_default }) => !(mayHaveMore && (is_nullable || has_default)))
    .map(({ name }) => `${table.name}.${name} has no definition`)

const columnDifferences = (place: string, column: Column<unknown>, found: ColumnFacts): readonly string[] => {
  const type = typeNames[column.pg] ?? column.pg
  return [
    ...(found.type === type ? [] : [`${place} is ${found.type}, not ${type}`]),
    ...(found.is_nullable === column.isNullable ? [] : [`${place} is ${found.is_nullable ? 'nullable' : 'not null'}`]),
  ]
}

const keyDifferences = (name: string, { references }: Column<unknown>, live: TableFacts): readonly string[] =>
  references === undefined || live.foreignKeys.some(({ columns }) => columns.includes(name))
    ? []
    : [`${live.name}.${name} has no foreign key, to ${references}`]

const valueDifferences = (name: string, column: Column<unknown>, live: TableFacts): readonly string[] => {
  const defined = optionsOf(column.schema)
  if (!defined) return []
  const allowed = live.allowedValues.find((check) => check.column === name)?.values ?? []
  const [left, right] = [defined.toSorted().join(), allowed.toSorted().join()]
  return left === right ? [] : [`${live.name}.${name} allows (${right}), the definition (${left})`]
}

const optionsOf = (schema: z.ZodType): readonly string[] | undefined => {
  const inner = schema instanceof z.ZodNullable ? schema.unwrap() : schema
  return inner instanceof z.ZodEnum ? inner.options.map(String) : undefined
}

const followDifferences = ({ name, scope, audience }: Table, live: TableFacts): readonly string[] => {
  const { followed } = live
  if (scope.kind === 'server') return followed ? [`${name} is followed, but must never leave PostgreSQL`] : []
  if (!followed) return [`${name} is not followed`]
  const [found, wanted] = [`${followed.scope}(${followed.scope_column})`, `${scope.kind}(${scope.column})`]
  return [
    ...(found === wanted ? [] : [`${name} is followed by ${found}, not ${wanted}`]),
    ...(followed.audience === audience ? [] : [`${name} is for the audience ${followed.audience}, not ${audience}`]),
    ...lockDifferences(scope, live),
    ...missingTriggers(name, stageTriggers, live),
  ]
}

/** Inserting takes a lock on whom the row belongs to, by a foreign key of its own; the facility log counts on it. */
const lockDifferences = (scope: Exclude<Scope, { kind: 'server' }>, live: TableFacts): readonly string[] => {
  const owner = owners[scope.kind]
  if (owner === undefined || scope.column === 'id') return []
  const hasKey = live.foreignKeys.some(({ columns, target }) => columns.join() === scope.column && target === owner)
  return hasKey ? [] : [`${live.name}.${scope.column} has no foreign key of its own to ${owner}`]
}

const owners: Readonly<Record<Exclude<Scope['kind'], 'server'>, string | undefined>> = {
  facility: undefined,
  organization: 'organizations',
  family: 'families',
  student: 'students',
}

const missingTriggers = (name: string, wanted: readonly string[], live: TableFacts | undefined): readonly string[] =>
  wanted
    .filter((trigger) => !live?.triggers.includes(trigger))
    .map((trigger) => `${name} has no trigger ${trigger}, or it is disabled`)
