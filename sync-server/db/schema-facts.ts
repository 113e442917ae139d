import { type Kysely, sql } from 'kysely'
import type { PostgresDatabase } from './postgres.ts'

export interface ColumnFacts {
  readonly name: string
  /** As PostgreSQL writes it, such as `timestamp(3) with time zone`. */
  readonly type: string
  readonly is_nullable: boolean
  readonly has_default: boolean
}

interface ForeignKeyFacts {
  readonly columns: readonly string[]
  readonly target: string
}

/** What a check constraint on one column lets in, when it is a list of values. */
interface AllowedValues {
  readonly column: string
  readonly values: readonly string[]
}

interface FollowFacts {
  readonly scope: string
  readonly scope_column: string
  readonly audience: string
}

/** One table of a live database. */
export interface TableFacts {
  readonly name: string
  readonly columns: readonly ColumnFacts[]
  readonly primaryKey: readonly string[]
  readonly foreignKeys: readonly ForeignKeyFacts[]
  readonly allowedValues: readonly AllowedValues[]
  /** Row-level security holds for everyone, the owner too. */
  readonly isSecured: boolean
  /** The enabled triggers of our own. */
  readonly triggers: readonly string[]
  /** Its line in sync_tables. */
  readonly followed: FollowFacts | null
}

interface Row extends Omit<TableFacts, 'allowedValues'> {
  readonly checks: readonly { readonly column: string; readonly definition: string }[]
}

/** Reads what the tables of the schema `public` are like. Any role may ask. */
export const readSchemaFacts = async (db: Kysely<PostgresDatabase>): Promise<ReadonlyMap<string, TableFacts>> => {
  const { rows } = await sql<Row>`
    select relname as name,
      relrowsecurity and relforcerowsecurity as "isSecured",
      array(
        select jsonb_build_object(
          'name', attname, 'type', format_type(atttypid, atttypmod), 'is_nullable', not attnotnull,
          'has_default', atthasdef)
        from pg_attribute
        where attrelid = pg_class.oid and attnum > 0 and not attisdropped
        order by attnum
      ) as columns,
      coalesce((select ${columnsOfKey} from pg_constraint where conrelid = pg_class.oid and contype = 'p'), '{}')
        as "primaryKey",
      array(
        select jsonb_build_object('columns', ${columnsOfKey}, 'target', confrelid::regclass::text)
        from pg_constraint
        where conrelid = pg_class.oid and contype = 'f'
      ) as "foreignKeys",
      array(
        select jsonb_build_object('column', (${columnsOfKey})[1], 'definition', pg_get_constraintdef(oid))
        from pg_constraint
        where conrelid = pg_class.oid and contype = 'c' and cardinality(conkey) = 1
      ) as checks,
      array(
        select tgname::text from pg_trigger
        where tgrelid = pg_class.oid and not tgisinternal and tgenabled in ('O', 'A')
      ) as triggers,
      (
        select jsonb_build_object('scope', scope, 'scope_column', scope_column, 'audience', audience)
        from sync_tables where table_name = relname
      ) as followed
    from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`.execute(db)
  return new Map(rows.map(({ checks, ...facts }) => [facts.name, { ...facts, allowedValues: allowedValuesOf(checks) }]))
}

const columnsOfKey = sql`array(
  select attname::text
  from unnest(conkey) with ordinality as key (number, place)
    join pg_attribute on attrelid = conrelid and attnum = number
  order by place)`

/** `CHECK ((kind = ANY (ARRAY['in'::text, 'out'::text])))` → in, out. */
const allowedValuesOf = (checks: Row['checks']): readonly AllowedValues[] =>
  checks
    .filter(({ definition }) => /^CHECK \(\(\w+ = (ANY \(ARRAY\[)?'/.test(definition))
    .map(({ column, definition }) => ({
      column,
      values: [...definition.matchAll(/'((?:[^']|'')*)'::text/g)].map(([, value]) =>
        (value ?? '').replaceAll("''", "'"),
      ),
    }))
