import type { Column } from './columns.ts'

/** Where the rows of a table are replicated (DESIGN.md §4). */
export type Scope =
  /** To the one facility named by a column. */
  | { readonly kind: 'facility'; readonly column: string }
  /** To every facility of the organization. */
  | { readonly kind: 'organization'; readonly column: string }
  /** To every facility that the family is linked to; the column holds the family's or one of its students' id. */
  | { readonly kind: 'family' | 'student'; readonly column: string }
  /** Nowhere: it never leaves PostgreSQL. */
  | { readonly kind: 'server' }

/** Who gets the rows: every device of the facility, or only those enrolled as office. */
export type Audience = 'desk' | 'office'

export interface Table<C extends Columns = Columns> {
  readonly name: string
  readonly scope: Scope
  readonly audience: Audience
  readonly columns: C
  /** Secondary indexes of the replica; PostgreSQL has its own in the migrations. */
  readonly indexes: readonly (readonly string[])[]
}

export type Columns = Readonly<Record<string, Column<unknown>>>

type ColumnValue<K> = K extends Column<infer T> ? T : never

export type RowOf<C extends Columns> = { [K in keyof C]: ColumnValue<C[K]> }
export type Row<T extends Table> = RowOf<T['columns']>

export const facilityScope = (column = 'facility_id'): Scope => ({ kind: 'facility', column })
export const organizationScope = (column = 'organization_id'): Scope => ({ kind: 'organization', column })
export const familyScope = (column = 'family_id'): Scope => ({ kind: 'family', column })
export const studentScope = (column = 'student_id'): Scope => ({ kind: 'student', column })
export const serverScope: Scope = { kind: 'server' }

interface Options {
  readonly scope: Scope
  readonly audience?: Audience
  readonly indexes?: readonly (readonly string[])[]
}

/** One definition of a table. Every table has `id` as its primary key. */
export const table = <const C extends Columns>(name: string, columns: C, options: Options): Table<C> => ({
  name,
  columns,
  scope: options.scope,
  audience: options.audience ?? 'desk',
  indexes: options.indexes ?? [],
})
